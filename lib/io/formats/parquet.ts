import type { FileMetaData, SchemaElement } from 'hyparquet';
import { factsOf } from './parquet-rows.js';
import { rowsAside } from './parquet-thread.js';
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
  ) {}

  /** @throws TypeError for what is no such file, or is damaged */
  static async open(path: string): Promise<ParquetFile> {
    const file = await StampedFile.of(path);
    const facts = await factsOf(file);
    const pairs = (facts.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ''] as const);
    return new ParquetFile(file, columnsOf(facts.schema), groupsOf(facts), new Map(pairs));
  }

  /** What a group's rows have in a column, read by another thread. @throws TypeError for what is damaged, or has changed */
  read(column: string, { begin, count }: RowGroup): Promise<unknown[]> {
    const { path, stamp } = this.file;
    return rowsAside({ path, stamp, column, begin, count });
  }

  get rows(): number {
    return this.groups.reduce((sum, { count }) => sum + count, 0);
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
