import { native } from '../native.js';
import type { Tensor } from '../tensor.js';

/** @internal Copies a float32 tensor's elements over another's, on the stream. Sizes are the caller's to check. */
export function copyInto(target: Tensor, source: Tensor): void {
  native.stridedCopy(target.handle, source.handle, [target.size], [1], [1], 0, 0, false);
  target.storage.version++;
}
