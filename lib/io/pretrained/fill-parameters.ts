import { native } from '../../native.js';
import { stridesOf } from '../../ops/check-tensor.js';
import { tensor } from '../../ops/creation.js';
import { copyStrided } from '../../ops/strided-copy.js';
import { fence } from '../../stream.js';
import type { Tensor } from '../../tensor.js';
import { bytesOf, storedValues } from '../../tensor-values.js';
import { toFloat32 } from '../formats/convert.js';
import { tensorOf } from '../formats/file-error.js';
import { checkRecordDtype, elementBytes, type TensorInfo } from '../formats/tensor-record.js';
import type { Weights } from '../formats/weights.js';
import type { Piece } from './layouts/rules.js';

// Large enough that the price of a read call does not count, small enough to stay in the processor's cache.
const bufferBytes = 2 ** 20;

/** Where a tensor of a checkpoint goes. */
interface Target {
  readonly parameter: Tensor;
  readonly piece: Piece;
  /** For a parameter of another shape than the tensor's: makes the one's elements from the other's. */
  readonly convert: ((values: Float32Array) => Float32Array) | undefined;
}

/**
 * Reads a checkpoint's tensors, each once and in the file's order, into the parameters that they make up.
 *
 * What needs no rearranging goes from the file to the parameter through one small buffer.
 *
 * @param converted how to make a parameter's elements, for those that are not simply the tensor's
 */
export async function fillParameters(
  weights: Weights,
  parameters: ReadonlyMap<string, Tensor>,
  pieces: ReadonlyMap<string, readonly Piece[]>,
  converted: ReadonlyMap<string, (values: Float32Array) => Float32Array>,
): Promise<void> {
  const targets = new Map<string, Target[]>();
  for (const [own, parts] of pieces) {
    const parameter = parameters.get(own);
    if (parameter === undefined) continue;
    for (const piece of parts) {
      const target = { parameter, piece, convert: converted.get(own) };
      targets.set(piece.source, [...(targets.get(piece.source) ?? []), target]);
    }
  }
  const buffer = new Uint8Array(bufferBytes);
  await fence(); // writes to an idle stream's tensors are plain copies
  for (const name of weights.names()) {
    const own = targets.get(name);
    if (own === undefined) continue;
    const [first] = own;
    if (own.length === 1 && first !== undefined && isPlain(first)) await stream(weights, name, first, buffer);
    else await rearrange(weights, name, own);
  }
}

function isPlain({ piece, convert }: Target): boolean {
  return piece.axes === undefined && piece.index === undefined && piece.rows === undefined && convert === undefined;
}

/** Elements of a parameter from one of them on, as it stores them. */
function write(parameter: Tensor, values: Float32Array, first: number): void {
  native.write(parameter.handle, storedValues(values, parameter.dtype), first * bytesOf(parameter.dtype));
}

/** Elements of a parameter before those of a piece. */
function offsetOf({ parameter, piece }: Target): number {
  const [part, parts] = piece.part;
  return (parameter.size / parts) * part;
}

async function stream(weights: Weights, name: string, target: Target, buffer: Uint8Array): Promise<void> {
  const where = tensorOf(name, weights.path);
  const dtype = checkRecordDtype(weights.info(name).dtype, where);
  const width = elementBytes(dtype);
  let offset = offsetOf(target);
  for await (const data of weights.chunks(name, buffer)) {
    const values = toFloat32({ dtype, shape: [data.byteLength / width], data }, where);
    write(target.parameter, values, offset);
    offset += values.length;
  }
}

/** For tensors whose axes change places, that are shared by several blocks, or that are resized. */
async function rearrange(weights: Weights, name: string, targets: readonly Target[]): Promise<void> {
  const { shape } = weights.info(name);
  const whole = toFloat32(await weights.read(name), tensorOf(name, weights.path));
  for (const target of targets) {
    const { parameter, piece, convert } = target;
    const values = elementsOf(whole, piece, shape);
    if (convert !== undefined) {
      write(parameter, convert(values), 0);
    } else if (piece.axes === undefined) {
      write(parameter, values, offsetOf(target));
    } else {
      permuteInto(target, values, shape.slice(piece.index === undefined ? 0 : 1), piece.axes);
    }
  }
  await fence(); // so that no more than one tensor is on its way
}

function elementsOf(whole: Float32Array, { index, rows }: Piece, [blocks = 1]: TensorInfo['shape']): Float32Array {
  if (rows !== undefined) return whole.subarray(...[rows[0], rows[1]].map((row) => (whole.length / rows[2]) * row));
  if (index === undefined) return whole;
  const size = whole.length / blocks;
  return whole.subarray(index * size, (index + 1) * size);
}

/** Writes elements of (row-major) `shape` with their axes in another order. */
function permuteInto(target: Target, values: Float32Array, shape: readonly number[], axes: readonly number[]): void {
  const strides = stridesOf(shape);
  const permuted = axes.map((axis) => shape[axis] ?? 1);
  const source = tensor(values);
  const stridesX = axes.map((axis) => strides[axis] ?? 1);
  copyStrided(target.parameter, source, { shape: permuted, stridesX, offsetY: offsetOf(target) });
  source.dispose();
}
