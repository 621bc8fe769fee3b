/** A transform for the tests of workers: left and right swapped, and where it is told to, what goes wrong. */
import { threadId } from 'node:worker_threads';
import type { data } from '../../../lib/index.js';

/** Image 3 of epoch 1 throws, of epoch 2 is none, of epoch 3 ends the thread. */
export default async function mirror(
  { pixels, height, width, channels }: data.RawImage,
  { index, epoch, seed }: data.TransformContext,
): Promise<data.RawImage> {
  if (threadId === 0) throw new Error('not in a worker');
  if (index === 3 && epoch === 1) throw new RangeError('too dark');
  if (index === 3 && epoch === 2) return { height, width } as data.RawImage;
  if (index === 3 && epoch === 3) process.exit(7);
  if (!Number.isSafeInteger(seed)) throw new Error('no seed');
  const mirrored = new Uint8Array(pixels.length);
  for (let i = 0; i < height * width; i++) {
    const to = i - (i % width) + width - 1 - (i % width);
    mirrored.set(pixels.subarray(channels * i, channels * (i + 1)), channels * to);
  }
  return { pixels: mirrored, height, width, channels };
}
