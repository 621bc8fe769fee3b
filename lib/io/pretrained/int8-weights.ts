import { Linear } from '../../nn/linear.js';
import type { Module } from '../../nn/module.js';
import { toFloat32 } from '../formats/convert.js';
import { fileError, quoted, tensorOf } from '../formats/file-error.js';
import type { TensorSource } from '../formats/safetensors.js';
import type { TensorInfo, TensorRecord } from '../formats/tensor-record.js';
import type { Weights } from '../formats/weights.js';

/**
 * Weights of linear layers as whole numbers from -127 to 127, and as `<name>_scale` (out) what multiplies each output's:
 * a quarter of the bytes. The numbers are those of `precision: 'int8'`, to the same bits.
 */

/** What the metadata of such a file says. */
export const INT8_METADATA = { quantization: 'int8' } as const;

const MOST = 127;
const LEAST = 1e-30; // as native/kernels/quantize.h
const scaleOf = (name: string): string => `${name}_scale`;

/** A model's entries, by its own names, with the weights of its linear layers stored so. */
export function inInt8Entries(
  model: Module,
  entries: readonly (readonly [name: string, source: TensorSource])[],
): [name: string, source: TensorSource][] {
  const linear = [...model.namedModules()].filter(([, module]) => module instanceof Linear);
  const names = new Set(linear.map(([name]) => `${name}.weight`));
  return entries.flatMap(([name, source]): [string, TensorSource][] => {
    const { shape, data, dtype } = source;
    const [out, inFeatures] = shape;
    if (!names.has(name) || out === undefined || inFeatures === undefined) return [[name, source]];
    const read = async (): Promise<TensorRecord> => {
      return { dtype, shape: [...shape], data: typeof data === 'function' ? await data() : data };
    };
    return int8Entries(name, [out, inFeatures], read);
  });
}

/** A weight (out,in) as the two tensors that stand for it. */
function int8Entries(
  name: string,
  [out, inFeatures]: readonly [number, number],
  read: () => Promise<TensorRecord>,
): [name: string, source: TensorSource][] {
  let halves: Promise<Quantized> | undefined;
  const quantized = (): Promise<Quantized> => {
    halves ??= read().then((record) => quantize(toFloat32(record, name), out, inFeatures));
    return halves;
  };
  const scales = async (): Promise<Uint8Array> => bytesOf((await quantized()).scales);
  const values = async (): Promise<Uint8Array> => bytesOf((await quantized()).values);
  return [
    [scaleOf(name), { dtype: 'F32', shape: [out], data: scales }],
    [name, { dtype: 'I8', shape: [out, inFeatures], data: values }],
  ];
}

interface Quantized {
  readonly values: Int8Array;
  readonly scales: Float32Array;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Int8Array | Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** In float32's arithmetic, step by step, for the bits of the kernels. */
function quantize(weight: Float32Array, out: number, inFeatures: number): Quantized {
  const values = new Int8Array(weight.length);
  const scales = new Float32Array(out);
  for (let row = 0; row < out; row++) {
    const begin = row * inFeatures;
    const end = begin + inFeatures;
    let largest = 0;
    for (let i = begin; i < end; i++) largest = Math.max(largest, Math.abs(weight[i]));
    if (!Number.isFinite(largest)) {
      throw new TypeError(
        `Expected finite weights to save in int8 but output ${row} of a layer holds NaN or infinity.`,
      );
    }
    if (largest < LEAST) continue;
    scales[row] = largest / MOST;
    const factor = Math.fround(MOST / largest);
    for (let i = begin; i < end; i++) values[i] = toNearestEven(Math.fround(weight[i] * factor));
  }
  return { values, scales };
}

function toNearestEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** Weights as float32, whatever the file has of them in 8 bits. Throws for a way of quantising that is not known. */
export function withoutInt8(weights: Weights): Weights {
  const kind = weights.metadata?.quantization;
  if (kind === undefined) return weights;
  if (kind === INT8_METADATA.quantization) return new Int8Weights(weights);
  throw fileError("'int8' as quantization", weights.path, quoted(kind), 'Save it in float32 where it comes from.');
}

class Int8Weights implements Weights {
  readonly #weights: Weights;
  readonly #quantized: ReadonlySet<string>;

  constructor(weights: Weights) {
    this.#weights = weights;
    const names = new Set(weights.names());
    this.#quantized = new Set([...names].filter((name) => names.has(scaleOf(name))));
    for (const name of this.#quantized) this.#check(name);
  }

  get path(): string {
    return this.#weights.path;
  }

  get metadata(): Readonly<Record<string, string>> {
    return this.#weights.metadata ?? {};
  }

  names(): string[] {
    const scales = new Set([...this.#quantized].map(scaleOf));
    return this.#weights.names().filter((name) => !scales.has(name));
  }

  info(name: string): TensorInfo {
    const info = this.#weights.info(name);
    if (!this.#quantized.has(name)) return info;
    return { dtype: 'F32', shape: info.shape, byteLength: info.byteLength * Float32Array.BYTES_PER_ELEMENT };
  }

  async read(name: string): Promise<TensorRecord> {
    const record = await this.#weights.read(name);
    if (!this.#quantized.has(name)) return record;
    const scales = toFloat32(await this.#weights.read(scaleOf(name)), tensorOf(scaleOf(name), this.path));
    const values = new Int8Array(record.data.buffer, record.data.byteOffset, record.data.byteLength);
    const weight = new Float32Array(values.length);
    const width = values.length / scales.length;
    for (const [row, scale] of scales.entries()) {
      for (let i = row * width; i < (row + 1) * width; i++) weight[i] = values[i] * scale;
    }
    return { dtype: 'F32', shape: record.shape, data: bytesOf(weight) };
  }

  async *chunks(name: string, buffer: Uint8Array): AsyncGenerator<Uint8Array> {
    if (this.#quantized.has(name)) yield (await this.read(name)).data;
    else yield* this.#weights.chunks(name, buffer);
  }

  close(): Promise<void> {
    return this.#weights.close();
  }

  #check(name: string): void {
    const [values, scales] = [this.#weights.info(name), this.#weights.info(scaleOf(name))];
    const [out] = values.shape;
    const fits = values.dtype === 'I8' && scales.dtype === 'F32' && scales.shape.length === 1;
    if (fits && values.shape.length === 2 && scales.shape[0] === out) return;
    const received = `${values.dtype} (${values.shape.join(',')}) and ${scales.dtype} (${scales.shape.join(',')})`;
    throw fileError('I8 (out,in) and F32 (out)', `${tensorOf(name, this.path)} and its scale`, received);
  }
}
