import type { Tensor } from '../tensor.js';
import { copyStrided } from './strided-copy.js';

/** @internal Copies a float32 tensor's elements over another's, on the stream. Sizes are the caller's to check. */
export function copyInto(target: Tensor, source: Tensor): void {
  copyStrided(target, source, { shape: [target.size] });
  target.storage.version++;
}
