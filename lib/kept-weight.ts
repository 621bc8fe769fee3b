import { isWatched, needsGrad } from './autograd/recording.js';
import { native, type Operand, PRECISION } from './native.js';
import type { Precision } from './precision.js';
import { Storage } from './storage.js';
import { isCapturing, noteKept } from './stream.js';
import type { Tensor } from './tensor.js';

/**
 * Weights as products read them, packed once and kept for as long as nobody writes the weight, for products of which no
 * gradient is recorded: of one image, packing is a fifth of a product. A weight is kept from the second time on that its
 * content is read, so that what is computed anew each time costs no memory; as whole numbers from the first. What is kept goes with the weight, with
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
    readonly precision: Precision,
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
    pack(this.packed, this.source, this.sizes, this.precision);
    return native.writes(this.source.handle);
  }
}

function pack(y: Storage, weight: Operand, { out, in: inFeatures }: Sizes, precision: Precision): void {
  native.packWeight({ y, weight, out, in: inFeatures, precision: PRECISION[precision] });
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
export function keptWeight(
  weight: Tensor,
  inputs: readonly (Tensor | undefined)[],
  sizes: Sizes,
  precision: Precision,
): Storage | undefined {
  // What a checkpoint watches is run again recorded: it is training.
  if (isWatched() || needsGrad(...inputs)) return undefined;
  if (weight.dtype === 'bfloat16') return undefined; // it is converted for each product
  const { storage } = weight;
  const writes = native.writes(storage.handle);
  if (writes < 0) return undefined; // the function that is being captured makes it, at each replay
  const known = storage.derived;
  const isKnown = known instanceof KeptOfStorage && known.writes === writes;
  const of = isKnown ? known : new KeptOfStorage(writes);
  if (!isKnown) storage.derived = of;
  if (!isKnown && precision !== 'int8') return undefined;
  const key = `${precision} ${sizes.out} ${sizes.in}`;
  let kept = of.packings.get(key);
  if (kept === undefined) {
    kept = keep(storage, precision, sizes);
    if (kept !== undefined) of.packings.set(key, kept);
    storage.derived = of; // which may have been let go of for memory meanwhile
  }
  if (kept !== undefined) noteKept(kept);
  return kept?.packed;
}

function keep(source: Storage, precision: Precision, sizes: Sizes): KeptWeight | undefined {
  const floats = floatsOf(sizes, precision);
  if (floats === 0) return undefined;
  return outsideCapture(() => new KeptWeight(source, precision, sizes, floats));
}

const floatsOf = ({ rows, out, in: inFeatures }: Sizes, precision: Precision): number =>
  native.keptFloats(rows, out, inFeatures, PRECISION[precision]);

/** @internal Runs `fn` with a weight as whole numbers of 8 bits, kept or made for it alone. */
export function withInt8Weight(weight: Tensor, sizes: Sizes, fn: (packed: Storage) => void): void {
  const kept = keptWeight(weight, [], sizes, 'int8');
  if (kept !== undefined) {
    fn(kept);
    return;
  }
  const packed = Storage.allocate(floatsOf(sizes, 'int8') * Float32Array.BYTES_PER_ELEMENT, 'a weight in 8 bits');
  pack(packed, weight, sizes, 'int8'); // whichever floats it is of
  fn(packed);
  packed.release();
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
