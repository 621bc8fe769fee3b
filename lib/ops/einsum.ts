import { expected, sizeOf, Text } from '../check.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { checkTensor, stridesOf } from './check-tensor.js';
import { readEquation, sizesOf } from './einsum-equation.js';
import { mul } from './elementwise.js';
import { matmul } from './matmul.js';
import { sum } from './reduce.js';
import { reshape } from './reshape.js';
import { permute } from './transpose.js';
import { takeView } from './view.js';

/** A tensor with a label for each axis, none of them twice. */
interface Labelled {
  x: Tensor;
  labels: readonly string[];
}

/**
 * Sums of products by Einstein's convention: letters name axes, equal letters the same one, and what does not stand after
 * '->' is summed. `einsum('bhqd,bhkd->bhqk', q, k)` are attention's scores.
 *
 * Two tensors at a time, from the left, and each pair is a matrix product: letters of both that stay are its batch, those
 * that go its inner axis. A letter twice in one tensor takes a diagonal. '...' stands for any axes, which broadcast.
 *
 * @param equation letters for each tensor, commas between them, then '->' and those of the result. Without '->', in
 *   alphabetical order those that occur once.
 * @throws TypeError for what is no equation, other numbers of tensors or axes, and sizes that differ
 * @see `torch.einsum`
 */
export function einsum(equation: string, ...tensors: Tensor[]): Tensor {
  for (const item of tensors) checkTensor(item, 'einsum');
  const shapes = tensors.map((item) => item.shape);
  const { operands, result } = readEquation(equation, shapes);
  const sizes = sizesOf(operands, shapes);
  return scope(() => {
    const all = tensors.map((x, i) => withoutOnes(diagonalOf({ x, labels: operands[i] })));
    let [left] = all;
    for (const [i, right] of all.slice(1).entries()) {
      const later = new Set([...result, ...all.slice(i + 2).flatMap((one) => one.labels)]);
      left = contract(left, right, later);
    }
    const kept = summed(left, new Set(result));
    const y = inOrder(
      kept,
      result.filter((label) => kept.labels.includes(label)),
    );
    // With the axes of size 1 again; another tensor than an operand in any case.
    return reshape(
      y,
      result.map((label) => sizes.get(label) ?? 1),
    );
  });
}

/** Each label once: an axis along the diagonal in place of several. */
function diagonalOf({ x, labels }: Labelled): Labelled {
  const own = [...new Set(labels)];
  if (own.length === labels.length) return { x, labels };
  const strides = stridesOf(x.shape);
  const shape = own.map((label) => {
    const found = x.shape.filter((_, axis) => labels[axis] === label);
    if (new Set(found).size > 1) throw expected(`one size for '${label}'`, 'einsum', new Text(found.join(' and ')));
    return found[0];
  });
  const along = own.map((label) =>
    strides.reduce((step, stride, axis) => step + (labels[axis] === label ? stride : 0), 0),
  );
  return { x: takeView('einsum', x, { shape, strides: along, offset: 0 }), labels: own };
}

/** Without axes of size 1: they broadcast, and add nothing to a sum. */
function withoutOnes({ x, labels }: Labelled): Labelled {
  const kept = labels.filter((_, axis) => x.shape[axis] !== 1);
  const shape = x.shape.filter((size) => size !== 1);
  return kept.length === labels.length ? { x, labels } : { x: reshape(x, shape), labels: kept };
}

/** Summed over what is not wanted. */
function summed({ x, labels }: Labelled, wanted: ReadonlySet<string>): Labelled {
  const dim = labels.flatMap((label, axis) => (wanted.has(label) ? [] : [axis]));
  if (dim.length === 0) return { x, labels };
  return { x: sum(x, { dim }), labels: labels.filter((label) => wanted.has(label)) };
}

function inOrder({ x, labels }: Labelled, order: readonly string[]): Tensor {
  if (order.join() === labels.join()) return x;
  return permute(
    x,
    order.map((label) => labels.indexOf(label)),
  );
}

/** The product of two, summed over the labels that do not occur later. */
function contract(a: Labelled, b: Labelled, later: ReadonlySet<string>): Labelled {
  const left = summed(a, new Set([...later, ...b.labels]));
  const right = summed(b, new Set([...later, ...a.labels]));
  const shared = left.labels.filter((label) => right.labels.includes(label));
  const batch = shared.filter((label) => later.has(label));
  const inner = shared.filter((label) => !later.has(label));
  const rows = left.labels.filter((label) => !shared.includes(label));
  const columns = right.labels.filter((label) => !shared.includes(label));
  const size = ({ x, labels }: Labelled, some: readonly string[]): number[] =>
    some.map((label) => x.shape[labels.indexOf(label)]);
  const [b1, m, k, n] = [size(left, batch), size(left, rows), size(left, inner), size(right, columns)];
  const shape = [...b1, ...m, ...n];
  const labels = [...batch, ...rows, ...columns];
  const matrices = (
    one: Labelled,
    first: readonly string[],
    then: readonly string[],
    sizes: readonly [number, number],
  ) => {
    const x = inOrder(one, [...batch, ...first, ...then]);
    return reshape(x, [...(batch.length === 0 ? [] : [sizeOf(b1)]), ...sizes]);
  };
  const [M, K, N] = [sizeOf(m), sizeOf(k), sizeOf(n)];
  if (inner.length === 0) {
    const y = mul(matrices(left, rows, [], [M, 1]), matrices(right, columns, [], [1, N]));
    return { x: reshape(y, shape), labels };
  }
  // An operand whose axes lie the other way round is read transposed, in place.
  const transposeA = rows.length > 0 && lies(left, [...batch, ...inner, ...rows]);
  const transposeB = columns.length > 0 && lies(right, [...batch, ...columns, ...inner]);
  const x = transposeA ? matrices(left, inner, rows, [K, M]) : matrices(left, rows, inner, [M, K]);
  const z = transposeB ? matrices(right, columns, inner, [N, K]) : matrices(right, inner, columns, [K, N]);
  return { x: reshape(matmul(x, z, { transposeA, transposeB }), shape), labels };
}

function lies({ labels }: Labelled, order: readonly string[]): boolean {
  return labels.join() === order.join();
}
