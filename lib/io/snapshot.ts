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
  const length = lengthOf(tensor) / parts;
  return read(tensor, part * length, uninitialised(length));
}

/** Bytes that tensors share: the event loop takes 10 ms to ask for the memory of a ViT-Ti/16's one by one, 1 for one piece. */
const PIECE = 64 << 20;

/** The same of many tensors. What is read of them is held until all of some 64 MiB have been written. */
export function snapshots(tensors: readonly Tensor[]): (() => Promise<Uint8Array>)[] {
  let left = tensors.reduce((sum, tensor) => sum + lengthOf(tensor), 0);
  let [piece, used] = [new Uint8Array(0), 0];
  return tensors.map((tensor) => {
    const length = lengthOf(tensor);
    if (used + length > piece.length) [piece, used] = [uninitialised(Math.max(length, Math.min(left, PIECE))), 0];
    const bytes = piece.subarray(used, used + length);
    used += length;
    left -= length;
    return read(tensor, 0, bytes);
  });
}

const lengthOf = (tensor: Tensor): number => tensor.size * bytesOf(tensor.dtype);

/** Without zeros, which would be written here and not on the stream: of a ViT-B/16 and AdamW's moments, a gigabyte. */
const uninitialised = (length: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.allocUnsafeSlow(length).buffer as ArrayBuffer); // no shared one

function read({ handle }: Tensor, from: number, bytes: Uint8Array): () => Promise<Uint8Array> {
  checkMayRead('a snapshot of tensors');
  let reading: Promise<Uint8Array> | undefined = settled(bytes, (done) => native.read(handle, bytes, from, done));
  reading.catch(() => undefined); // heard of where it is awaited, if it comes to that
  return () => {
    const taken = reading ?? Promise.resolve(new Uint8Array(0)); // writers ask once
    reading = undefined; // what has been written may go
    return taken;
  };
}
