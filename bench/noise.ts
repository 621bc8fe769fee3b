import type { data } from '../lib/index.js';

/** Square images of grey noise, where it does not matter what is on them. */
export function noise(count: number, size: number): data.ArrayDataset {
  const images = Float32Array.from({ length: count * 3 * size ** 2 }, (_, i) => ((i * 7919) % 255) / 127.5 - 1);
  return { images, labels: new Int32Array(count), count, shape: [3, size, size], numClasses: 10 };
}
