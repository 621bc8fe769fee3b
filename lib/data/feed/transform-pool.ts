import type { Worker } from 'node:worker_threads';
import { late } from '../../late.js';
import type { RawImage } from '../sets/sample.js';
import { checkTransformed, type TransformContext, type TransformRunner, transformError } from './transform.js';
import type { TransformAnswer, TransformJob } from './transform-worker.js';

/** An image that a thread is at work on. */
interface Pending {
  readonly where: string;
  resolve(image: RawImage): void;
  reject(error: Error): void;
}

/** A thread with the images that it was given. */
class Lane {
  readonly pending = new Map<number, Pending>();
  readonly #worker: Worker;
  #next = 0;
  #failure: unknown;

  constructor(module: URL) {
    this.#worker = new late.threads.Worker(new URL('./transform-worker.js', import.meta.url), {
      workerData: module.href,
    });
    this.#worker.on('message', (answer: TransformAnswer) => this.#settle(answer));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (code) => this.#fail(new Error(`its thread ended with code ${code}`)));
    this.#worker.unref(); // it keeps the process only while an image is on its way
  }

  run(image: RawImage, context: TransformContext, where: string): Promise<RawImage> {
    if (this.#failure !== undefined) return Promise.reject(transformError(this.#failure, where));
    const id = this.#next++;
    if (this.pending.size === 0) this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.pending.set(id, { where, resolve, reject });
      const job: TransformJob = { id, image, context };
      this.#worker.postMessage(job, [image.pixels.buffer as ArrayBuffer]); // made for this call alone
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle({ id, image, error }: TransformAnswer): void {
    const waiting = this.pending.get(id);
    if (waiting === undefined) return; // of a thread that failed
    this.pending.delete(id);
    if (this.pending.size === 0) this.#worker.unref();
    try {
      if (error !== undefined) throw transformError(error, waiting.where);
      waiting.resolve(checkTransformed(image, waiting.where));
    } catch (failure) {
      waiting.reject(failure as Error); // one of the two above
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const { where, reject } of this.pending.values()) reject(transformError(this.#failure, where));
    this.pending.clear();
  }
}

/** Threads that run a module's transform; they begin with the first image. */
export class TransformPool implements TransformRunner {
  readonly #lanes: Lane[] = [];

  constructor(
    readonly module: URL,
    readonly count: number,
  ) {}

  /** By the thread that has the fewest images. */
  run(image: RawImage, context: TransformContext, where: string): Promise<RawImage> {
    const idle = this.#lanes.find(({ pending }) => pending.size === 0);
    if (idle === undefined && this.#lanes.length < this.count) this.#lanes.push(new Lane(this.module));
    const [first, ...others] = this.#lanes; // one at least
    const fewest = others.reduce((best, lane) => (lane.pending.size < best.pending.size ? lane : best), first);
    return fewest.run(image, context, where);
  }

  async end(): Promise<void> {
    await Promise.all(this.#lanes.splice(0).map((lane) => lane.end()));
  }
}
