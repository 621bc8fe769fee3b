import { isWatched, needsGrad } from './autograd/recording.js';
import { native } from './native.js';
import { currentPrecision } from './precision.js';
import { Storage } from './storage.js';
import { isCapturing, noteKept } from './stream.js';
import type { Tensor } from './tensor.js';

/**
 * Weights as products read them, packed once and kept for as long as nobody writes the weight, for products of which no
 * gradient is recorded: of one image, packing is a fifth of a product. A weight is kept from the second time on that its
 * content is read, so that what is computed anew each time costs no memory. What is kept goes with the weight, with
 * `emptyCache`, and where memory is wanted for anything else.
 */

/** The sizes of a product of `rows` (rows,in) by a weight (out,in). */
interface Sizes {
  rows: number;
  out: number;
  in: number;
}

const all = new Set<KeptWeight>();

/** One weight, packed. */
class KeptWeight {
  readonly packed: Storage;
  #writes: number;

  constructor(
    readonly source: Storage,
    readonly bf16: boolean,
    readonly sizes: Sizes,
    floats: number,
  ) {
    this.packed = Storage.allocate(floats * Float32Array.BYTES_PER_ELEMENT, 'a packed weight');
    this.#writes = this.#pack();
    all.add(this);
  }

  /** Whether the weight is what it was when it was packed. */
  isOf(writes: number): boolean {
    return this.#writes === writes;
  }

  /** Packs the weight again, at the same place, if it was written: to be called before a replay that reads it. */
  refresh(): void {
    if (!this.isOf(native.writes(this.source.handle))) this.#writes = this.#pack();
  }

  /** For a capture, which reads it as long as it lives. */
  retain(): void {
    this.packed.retain();
  }

  release(): void {
    outsideCapture(() => this.packed.release());
  }

  #pack(): number {
    native.packWeight({ y: this.packed, weight: this.source, ...this.sizes, bf16: this.bf16 });
    return native.writes(this.source.handle);
  }
}

/** What is kept of one storage: for each precision and shape, as tensors of several shapes may share it. */
class KeptOfStorage {
  readonly packings = new Map<string, KeptWeight>();

  constructor(readonly writes: number) {}

  release(): void {
    for (const kept of this.packings.values()) {
      all.delete(kept);
      kept.release();
    }
    this.packings.clear();
  }
}

/** @internal The weight of a product as it is kept, or undefined: it is then packed in passing, to the same bits. */
export function keptWeight(weight: Tensor, inputs: readonly (Tensor | undefined)[], sizes: Sizes): Storage | undefined {
  // What a checkpoint watches is run again recorded: it is training.
  if (isWatched() || needsGrad(...inputs)) return undefined;
  const { storage } = weight;
  const writes = native.writes(storage.handle);
  if (writes < 0) return undefined; // the function that is being captured makes it, at each replay
  const { derived } = storage;
  if (!(derived instanceof KeptOfStorage) || derived.writes !== writes) {
    storage.derived = new KeptOfStorage(writes);
    return undefined;
  }
  const bf16 = currentPrecision() === 'bf16';
  const key = `${bf16} ${sizes.out} ${sizes.in}`;
  let kept = derived.packings.get(key);
  if (kept === undefined) {
    kept = keep(storage, bf16, sizes);
    if (kept !== undefined) derived.packings.set(key, kept);
  }
  if (kept !== undefined) noteKept(kept);
  return kept?.packed;
}

function keep(source: Storage, bf16: boolean, sizes: Sizes): KeptWeight | undefined {
  const floats = native.keptFloats(sizes.rows, sizes.out, sizes.in, bf16);
  if (floats === 0) return undefined;
  return outsideCapture(() => new KeptWeight(source, bf16, sizes, floats));
}

/** Runs `fn`, which a replay does not repeat. */
function outsideCapture<T>(fn: () => T): T {
  if (!isCapturing()) return fn();
  native.pauseCapture(true);
  try {
    return fn();
  } finally {
    native.pauseCapture(false);
  }
}

/** @internal Bytes of all that is kept. */
export function keptBytes(): number {
  let bytes = 0;
  for (const { packed } of all) bytes += packed.bytes;
  return bytes;
}

/** @internal Lets go of all that is kept; whether there was any. */
export function releaseKept(): boolean {
  const storages = new Set([...all].map(({ source }) => source));
  for (const storage of storages) storage.derived = undefined;
  return storages.size > 0;
}

Storage.onShortage = releaseKept;
