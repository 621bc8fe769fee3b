import type { AsyncBuffer, Compressors, FileMetaData } from 'hyparquet';
import { fileErrorFrom } from './file-error.js';
import type { StampedFile } from './stamped-file.js';

/** A file as hyparquet reads it. */
export function sourceOf(file: StampedFile): AsyncBuffer {
  return {
    byteLength: file.size,
    slice: async (begin: number, end = file.size) => {
      const bytes = await file.read(begin, end - begin);
      return bytes.buffer as ArrayBuffer; // of its own, as it was just made
    },
  };
}

/** The file's own description. @throws TypeError for what is no such file, or is damaged */
export async function factsOf(file: StampedFile): Promise<FileMetaData> {
  // Half a megabyte of JavaScript, for those who have such files.
  const { parquetMetadataAsync } = await import('hyparquet');
  try {
    return await parquetMetadataAsync(sourceOf(file));
  } catch (cause) {
    throw fileErrorFrom(cause, 'a Parquet file', file.path);
  }
}

/** What some rows have in a column. @throws TypeError for what is damaged, or compressed as nobody here can undo */
export async function readRows(
  file: StampedFile,
  facts: FileMetaData,
  { column, begin, count }: { column: string; begin: number; count: number },
): Promise<unknown[]> {
  const { parquetReadObjects } = await import('hyparquet');
  const compressors = await compressorsFor(facts, file.path);
  const asked = { columns: [column], rowStart: begin, rowEnd: begin + count, utf8: false };
  let rows: Record<string, unknown>[];
  try {
    rows = await parquetReadObjects({ file: sourceOf(file), metadata: facts, compressors, ...asked });
  } catch (cause) {
    throw fileErrorFrom(cause, `rows ${begin} to ${begin + count - 1} of column '${column}'`, file.path);
  }
  return rows.map((row): unknown => row[column]);
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
