/** A thread that runs a user's transform: `workerData` is the URL of its module. Nothing of the library is loaded here. */
import { parentPort, workerData } from 'node:worker_threads';
import type { RawImage } from '../sets/sample.js';
import type { Transform, TransformContext } from './transform.js';

/** An image to transform. */
export interface TransformJob {
  readonly id: number;
  readonly image: RawImage;
  readonly context: TransformContext;
}

/** What became of it: an image, or why there is none. */
export interface TransformAnswer {
  readonly id: number;
  readonly image?: unknown;
  readonly error?: unknown;
}

const { default: transform } = (await import(workerData as string)) as { default: Transform };
if (typeof transform !== 'function') {
  throw new TypeError(
    `Expected a default export that is a function for ${workerData} but received ${typeof transform}.`,
  );
}
parentPort?.on('message', async ({ id, image, context }: TransformJob) => {
  try {
    const answer: TransformAnswer = { id, image: await transform(image, context) };
    parentPort?.postMessage(answer);
  } catch (error) {
    const answer: TransformAnswer = { id, error: error instanceof Error ? error : String(error) };
    parentPort?.postMessage(answer);
  }
});
