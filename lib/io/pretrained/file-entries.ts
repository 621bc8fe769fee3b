import { mergedState } from '../../nn/lora.js';
import type { Module } from '../../nn/module.js';
import { stridesOf } from '../../ops/check-tensor.js';
import { scope } from '../../scope.js';
import type { TensorSource } from '../formats/safetensors.js';
import { floatSnapshot } from '../snapshot.js';
import { fileNames, type Rule } from './layouts/rules.js';

type Bytes = () => Promise<Uint8Array>;
type Shape = readonly number[];

/** A tensor of the file as far as one parameter makes it. */
interface Share {
  readonly name: string;
  readonly shape: Shape;
  readonly data: Bytes;
  /** From which of its equal parts until before which, where several share the tensor. */
  readonly rows: readonly [from: number, to: number];
}

/** How a library's class names a model's tensors. */
export interface Naming<Config> {
  rules(config: Config): readonly Rule[];
  /** The name in the file of a tensor that rules know without prefix. Default: as it is. */
  spell?(config: Config): (name: string) => string;
  /** What the library's files hold besides weights. Default: nothing. */
  buffers?(config: Config): [name: string, source: TensorSource][];
}

/** The model's tensors under a library's names, as they are now; adapters are merged into their weights. */
export function fileEntries<Config>(
  model: Module & { readonly config: Config },
  naming: Naming<Config>,
): [name: string, source: TensorSource][] {
  const rules = naming.rules(model.config);
  const spell = naming.spell?.(model.config) ?? ((name: string) => name);
  const shares = scope(() =>
    [...mergedState(model)].flatMap(([own, parameter]) =>
      fileNames(own, rules).map(({ name, part: [part, parts], rule }): Share => {
        const [rows = 1, ...rest] = parameter.shape;
        const shape = [rows / parts, ...rest];
        return {
          name: spell(name),
          rows: [rule.rows?.[0] ?? 0, rule.rows?.[1] ?? 1],
          ...asInFile(rule, shape, floatSnapshot(parameter, part, parts)),
        };
      }),
    ),
  );
  const byName = new Map<string, Share[]>();
  for (const share of shares) byName.set(share.name, [...(byName.get(share.name) ?? []), share]);
  const entries = [...byName].map(([name, parts]): [string, TensorSource] => [
    name,
    { dtype: 'F32', ...joined(parts) },
  ]);
  return [...entries, ...(naming.buffers?.(model.config) ?? [])];
}

/** A parameter's shape and elements as the file has them. */
function asInFile({ squeeze = 0, zeroRows = 0, axes }: Rule, shape: Shape, data: Bytes): { shape: Shape; data: Bytes } {
  if (axes !== undefined) {
    // Ours are the file's in the order of `axes`: backwards, the file's axis a is our axis axes.indexOf(a).
    const back = axes.map((_, axis) => axes.indexOf(axis));
    return { shape: back.map((axis) => shape[axis] ?? 1), data: async () => permuted(await data(), shape, back) };
  }
  if (zeroRows === 0) return { shape: shape.slice(squeeze), data };
  const [one = 1, rows = 0, width = 0] = shape;
  const zeros = zeroRows * width * Float32Array.BYTES_PER_ELEMENT;
  return {
    shape: [one, zeroRows + rows, width],
    data: async () => Buffer.concat([new Uint8Array(zeros), await data()]),
  };
}

/** Elements (row-major) with their axes in another order. */
function permuted(bytes: Uint8Array, shape: Shape, order: readonly number[]): Uint8Array {
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / Float32Array.BYTES_PER_ELEMENT);
  const strides = stridesOf(shape);
  const sizes = order.map((axis) => shape[axis] ?? 1);
  const result = Float32Array.from(values, (_, i) => {
    let [rest, at] = [i, 0];
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      const size = sizes[axis] ?? 1;
      at += (rest % size) * (strides[order[axis] ?? 0] ?? 0);
      rest = Math.floor(rest / size);
    }
    return values[at] ?? 0;
  });
  return new Uint8Array(result.buffer);
}

/** One tensor of all its shares, along axis 0; what none has is zeros. */
function joined(shares: readonly Share[]): { shape: Shape; data: Bytes } {
  const [first, ...others] = [...shares].sort((a, b) => a.rows[0] - b.rows[0]);
  if (first === undefined) return { shape: [], data: () => Promise.resolve(new Uint8Array(0)) };
  if (others.length === 0) return first;
  const all = withZeros([first, ...others]);
  const rows = all.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
  return {
    shape: [rows, ...first.shape.slice(1)],
    data: async () => Buffer.concat(await Promise.all(all.map(({ data }) => data()))),
  };
}

/** Shares in their order, with zeros between those that leave a part out: Meta's keys have no bias. */
function withZeros(shares: readonly Share[]): Share[] {
  let next = 0;
  return shares.flatMap((share) => {
    const [from, to] = share.rows;
    const [rows = 0, ...rest] = share.shape;
    const shape = [((from - next) * rows) / (to - from), ...rest];
    const bytes = Float32Array.BYTES_PER_ELEMENT * shape.reduce((product, size) => product * size, 1);
    next = to;
    return bytes === 0 ? [share] : [{ ...share, shape, data: async () => new Uint8Array(bytes) }, share];
  });
}
