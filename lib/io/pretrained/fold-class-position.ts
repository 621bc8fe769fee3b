import { toFloat32 } from '../formats/convert.js';
import { tensorOf } from '../formats/file-error.js';
import type { TensorInfo, TensorRecord } from '../formats/tensor-record.js';
import type { Weights } from '../formats/weights.js';

/** The two tensors by their names in the file. */
export interface ClassPosition {
  /** (1,1,D) */
  readonly token: string;
  /** (1,1+L,D), the class token's first. */
  readonly positions: string;
}

/**
 * Weights of a model whose register tokens have no positions while its class token has one, as if the class token had none
 * either: the position is added to the token, which it is anyway as soon as the model runs.
 * @see timm's `_convert_dinov2`, which does the same
 */
export class FoldedWeights implements Weights {
  readonly path: string;
  readonly #whole: Weights;
  readonly #names: ClassPosition;

  constructor(whole: Weights, names: ClassPosition) {
    this.path = whole.path;
    this.#whole = whole;
    this.#names = names;
  }

  names(): string[] {
    return this.#whole.names();
  }

  info(name: string): TensorInfo {
    const info = this.#whole.info(name);
    const { token, positions } = this.#names;
    if (name === token) return { ...info, dtype: 'F32' };
    if (name !== positions || info.shape.length !== 3) return info;
    const [one, rows, width] = info.shape as [number, number, number]; // three sizes
    return { ...info, dtype: 'F32', shape: [one, Math.max(0, rows - 1), width] };
  }

  async read(name: string): Promise<TensorRecord> {
    const { token, positions } = this.#names;
    if (name !== token && name !== positions) return this.#whole.read(name);
    const where = tensorOf(positions, this.path);
    const all = toFloat32(await this.#whole.read(positions), where);
    const width = this.#whole.info(positions).shape.at(-1) ?? 0;
    if (name === positions) return this.#record(name, all.subarray(width));
    const values = Float32Array.from(toFloat32(await this.#whole.read(token), tensorOf(token, this.path)));
    return this.#record(
      name,
      values.map((value, i) => value + (all[i] ?? 0)),
    );
  }

  async *chunks(name: string, buffer: Uint8Array): AsyncGenerator<Uint8Array> {
    const { token, positions } = this.#names;
    if (name !== token && name !== positions) yield* this.#whole.chunks(name, buffer);
    else yield (await this.read(name)).data;
  }

  close(): Promise<void> {
    return this.#whole.close();
  }

  #record(name: string, values: Float32Array): TensorRecord {
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return { dtype: 'F32', shape: [...this.info(name).shape], data };
  }
}
