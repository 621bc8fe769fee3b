import { late } from '../../late.js';
import type { RowsAnswer, RowsJob } from './parquet-worker.js';

interface Waiting {
  resolve(rows: unknown[]): void;
  reject(error: Error): void;
}

// With a cache, nothing is read after the first epoch: the thread's memory, some 20 MB, goes.
const IDLE_MS = 5000;

/** A thread that reads rows of Parquet files, in the order in which they are asked for. */
class ReadingThread {
  readonly #worker = new late.threads.Worker(new URL('./parquet-worker.js', import.meta.url));
  readonly #waiting = new Map<number, Waiting>();
  readonly #onEnd: () => void;
  #next = 0;
  #idle: NodeJS.Timeout | undefined;

  /** @param onEnd told where it takes no more */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
    this.#worker.on('message', (answer: RowsAnswer) => this.#settle(answer));
    this.#worker.on('error', (error) => this.#end(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on('exit', () => this.#end(new Error('Expected the thread that reads Parquet files but it ended.')));
  }

  rows(job: Omit<RowsJob, 'id'>): Promise<unknown[]> {
    clearTimeout(this.#idle);
    this.#worker.ref();
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...job, id } satisfies RowsJob);
    });
  }

  #settle({ id, rows, error }: RowsAnswer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) {
      this.#worker.unref(); // it does not keep the process
      this.#idle = setTimeout(() => void this.#worker.terminate(), IDLE_MS).unref();
    }
    if (rows !== undefined) waiting?.resolve(rows);
    else waiting?.reject(rebuilt(error));
  }

  #end(error: Error): void {
    this.#onEnd();
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** An error of a thread has the thread's stack; who waits wants the sentence. */
function rebuilt(error: Error | undefined): Error {
  const kind = error?.name === 'TypeError' ? TypeError : Error;
  return new kind(error?.message, { cause: error });
}

let thread: ReadingThread | undefined;

/** Rows of a file's column, read and decompressed beside the event loop. @throws TypeError, one sentence, where they cannot be */
export function rowsAside(job: Omit<RowsJob, 'id'>): Promise<unknown[]> {
  thread ??= new ReadingThread(() => {
    thread = undefined;
  });
  return thread.rows(job);
}
