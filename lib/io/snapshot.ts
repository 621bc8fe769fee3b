import { converted } from '../converted.js';
import { native } from '../native.js';
import { untracked } from '../scope.js';
import { checkMayRead, settled } from '../stream.js';
import type { Tensor } from '../tensor.js';
import { bytesOf } from '../tensor-values.js';

/** As `snapshot`, of a tensor of floats: the bytes of float32, whichever it is of. */
export function floatSnapshot(tensor: Tensor, part = 0, parts = 1): () => Promise<Uint8Array> {
  if (tensor.dtype === 'float32') return snapshot(tensor, part, parts);
  const wide = untracked(() => converted(tensor, 'float32'));
  const bytes = snapshot(wide, part, parts);
  wide.dispose();
  return bytes;
}

/**
 * Begins at once to read a tensor, or part `part` of `parts` along axis 0: the bytes are those that it holds after what
 * is enqueued so far, whatever changes it while a file is written. Tensors that are read so in one go, with no `await`
 * between, are of the same step of a training. Takes as much memory as the bytes.
 *
 * @returns what gives the bytes, once, and rejects where a command before failed
 */
export function snapshot(tensor: Tensor, part = 0, parts = 1): () => Promise<Uint8Array> {
  checkMayRead('a snapshot of tensors');
  const length = (tensor.size / parts) * bytesOf(tensor.dtype);
  // Without zeros, which would be written here and not on the stream: of a ViT-B/16 and AdamW's moments, a gigabyte.
  const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
  const { handle } = tensor;
  let reading: Promise<Uint8Array> | undefined = settled(bytes, (done) =>
    native.read(handle, bytes, part * bytes.byteLength, done),
  );
  reading.catch(() => undefined); // heard of where it is awaited, if it comes to that
  return () => {
    const taken = reading ?? Promise.resolve(new Uint8Array(0)); // writers ask once
    reading = undefined; // what has been written may go
    return taken;
  };
}
