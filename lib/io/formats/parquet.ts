import type { Compressors, FileMetaData, SchemaElement } from 'hyparquet';
import { fileErrorFrom } from './file-error.js';
import { StampedFile } from './stamped-file.js';

/** A column of a table, as its schema has it. */
export interface ParquetColumn {
  readonly name: string;
  /** What lies in it, where it is no list and no plain values: the names of a struct's fields. */
  readonly fields: readonly string[];
  readonly isBytes: boolean;
}

/** A run of rows that is stored together, and read together. */
export interface RowGroup {
  readonly begin: number;
  readonly count: number;
}

/** A table in one file. */
export class ParquetFile {
  private constructor(
    readonly file: StampedFile,
    readonly columns: readonly ParquetColumn[],
    readonly groups: readonly RowGroup[],
    /** What its writer says of it, by key. */
    readonly metadata: ReadonlyMap<string, string>,
    readonly read: (column: string, group: RowGroup) => Promise<unknown[]>,
  ) {}

  /** @throws TypeError for what is no such file, or is damaged */
  static async open(path: string): Promise<ParquetFile> {
    const file = await StampedFile.of(path);
    const source = {
      byteLength: file.size,
      slice: async (begin: number, end = file.size) => {
        const bytes = await file.read(begin, end - begin);
        return bytes.buffer as ArrayBuffer; // of its own, as it was just made
      },
    };
    // Half a megabyte of JavaScript, for those who have such files.
    const { parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
    let facts: FileMetaData;
    try {
      facts = await parquetMetadataAsync(source);
    } catch (cause) {
      throw fileErrorFrom(cause, 'a Parquet file', path);
    }
    const read = async (column: string, { begin, count }: RowGroup): Promise<unknown[]> => {
      const compressors = await compressorsFor(facts, path);
      const asked = { columns: [column], rowStart: begin, rowEnd: begin + count, utf8: false };
      try {
        const rows = await parquetReadObjects({ file: source, metadata: facts, compressors, ...asked });
        return rows.map((row): unknown => row[column]);
      } catch (cause) {
        throw fileErrorFrom(cause, `rows ${begin} to ${begin + count - 1} of column '${column}'`, path);
      }
    };
    const pairs = (facts.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ''] as const);
    return new ParquetFile(file, columnsOf(facts.schema), groupsOf(facts), new Map(pairs), read);
  }

  get rows(): number {
    return this.groups.reduce((sum, { count }) => sum + count, 0);
  }
}

/** What hyparquet decompresses itself. */
const OWN_CODECS: readonly unknown[] = ['UNCOMPRESSED', 'SNAPPY'];

/** Functions for the codecs of a file, from an optional package where there are others than hyparquet's own. */
async function compressorsFor({ row_groups: groups }: FileMetaData, path: string): Promise<Compressors> {
  const codecs = groups.flatMap(({ columns }) => columns.map((column) => column.meta_data?.codec));
  const foreign = codecs.find((codec) => codec !== undefined && !OWN_CODECS.includes(codec));
  if (foreign === undefined) return {};
  try {
    return (await import('hyparquet-compressors')).compressors;
  } catch (cause) {
    const advice = 'Install it with `npm install hyparquet-compressors`.';
    throw fileErrorFrom(cause, `the package hyparquet-compressors, for what ${foreign} has compressed`, path, advice);
  }
}

function groupsOf({ row_groups: groups }: FileMetaData): RowGroup[] {
  let begin = 0;
  return groups.map(({ num_rows: rows }) => {
    const group = { begin, count: Number(rows) };
    begin += group.count;
    return group;
  });
}

/** The schema lists a tree depth first, each element with its number of children. */
function columnsOf(schema: readonly SchemaElement[]): ParquetColumn[] {
  const columns: ParquetColumn[] = [];
  const endOf = (at: number): number => {
    let end = at + 1;
    for (let left = schema[at].num_children ?? 0; left > 0; left--) end = endOf(end);
    return end;
  };
  for (let at = 1; at < schema.length; at = endOf(at)) {
    const { name, type, converted_type: converted, logical_type: logical } = schema[at];
    const fields: string[] = [];
    const isList = converted === 'LIST' || logical?.type === 'LIST';
    if (!isList) for (let field = at + 1; field < endOf(at); field = endOf(field)) fields.push(schema[field].name);
    columns.push({ name, fields, isBytes: type === 'BYTE_ARRAY' && converted !== 'UTF8' });
  }
  return columns;
}
