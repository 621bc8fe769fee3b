/** A thread that reads Parquet files: decompressing a row group of photographs takes a tenth of a second and more. */
import { parentPort } from 'node:worker_threads';
import type { FileMetaData } from 'hyparquet';
import { fileError } from './file-error.js';
import { factsOf, readRows } from './parquet-rows.js';
import { StampedFile } from './stamped-file.js';

/** Rows that are wanted of a file that is as it was. */
export interface RowsJob {
  readonly id: number;
  readonly path: string;
  readonly stamp: string;
  readonly column: string;
  readonly begin: number;
  readonly count: number;
}

/** What they hold, or why they cannot be read. */
export interface RowsAnswer {
  readonly id: number;
  readonly rows?: unknown[];
  readonly error?: Error;
}

/** What is known of a file, by its stamp; the file that was asked for last. */
let known: { readonly file: StampedFile; readonly facts: FileMetaData } | undefined;

async function rowsOf({ path, stamp, ...place }: RowsJob): Promise<unknown[]> {
  if (known?.file.stamp !== stamp) {
    const file = await StampedFile.of(path);
    if (file.stamp !== stamp) {
      throw fileError('a file that stays as it is', path, 'one that was changed while in use', 'Open it again.');
    }
    known = { file, facts: await factsOf(file) };
  }
  return readRows(known.file, known.facts, place);
}

/** The memory of bytes in rows, each once: handed over, it is not copied. */
function memoryOf(rows: readonly unknown[]): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const look = (value: unknown): void => {
    if (ArrayBuffer.isView(value)) {
      if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
    } else if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) look(item);
  };
  for (const row of rows) look(row);
  return [...found];
}

parentPort?.on('message', async (job: RowsJob) => {
  try {
    const rows = await rowsOf(job);
    const answer: RowsAnswer = { id: job.id, rows };
    parentPort?.postMessage(answer, memoryOf(rows));
  } catch (error) {
    const answer: RowsAnswer = { id: job.id, error: error instanceof Error ? error : new Error(String(error)) };
    parentPort?.postMessage(answer);
  }
});
