import { checkArray, checkRank, expected, shapeText, sizeOf, Text } from '../check.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { broadcastShape, broadcastStrides } from './broadcast.js';
import { checkTensor, stridesOf } from './check-tensor.js';
import { axesTaken, type IndexItem, type Item, indicesOf, partOf, positionOf, readItem } from './index-items.js';
import { checkedIndex, rowsAlong, takeRows } from './rows.js';
import { copyView, takeView } from './view.js';

/** What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once. */

/** An axis of what the items choose; with indices, which then replace its positions. */
interface Axis {
  size: number;
  stride: number;
  index?: Tensor;
}

/**
 * A part of a tensor, an item for each axis: `x.index([0, '1:-1', '...', null, [2, 0]])` is PyTorch's
 * `x[0, 1:-1, ..., None, [2, 0]]`. Axes without an item stay whole. Copied; gradients add up where they came from.
 *
 * Indices of several axes broadcast together; their axes stand where the first of them stood if they were neighbours, in
 * front otherwise. Arrays and masks come from JavaScript's memory, so that a captured function may not bring any. What
 * a comparison gives is refused as a mask: how many elements it picks is known only when it is computed.
 *
 * @throws TypeError for more items than axes, positions outside, masks that do not fit, a step below 1. An int32 index
 *   outside is found on the stream: the next read rejects with a StreamError that names this call.
 * @see `torch.Tensor.__getitem__`
 */
export function index<T extends Tensor>(x: T, items: readonly IndexItem[]): T {
  checkTensor(x, 'index input', { dtype: x?.dtype });
  const given = checkArray(items, 'an array of items', 'index');
  return scope(() => {
    const { axes, offset } = chosen(x, withRest(given.map(readItem), x));
    const [first, count] = placeOfIndices(axes);
    const shape = axes.map((axis) => axis.size);
    checkRank(shape.length, 'index');
    const strides = axes.map((axis) => axis.stride);
    const plain = offset === 0 && sizeOf(shape) === x.size && strides.join() === stridesOf(shape).join();
    if (count === 0) return takeView('index', x, { shape, strides, offset });
    const part = plain && shape.length === x.rank ? x : takeView('index', x, { shape, strides, offset });
    return takeIndices(part, axes, first, count);
  });
}

/** The items with whole axes for '...' and at the end. */
function withRest(items: readonly Item[], x: Tensor): readonly Item[] {
  const taken = items.reduce((sum, item) => sum + axesTaken(item), 0);
  if (taken > x.rank)
    throw expected(`items for at most ${x.rank} axes`, `index of ${shapeText(x.shape)}`, new Text(`some for ${taken}`));
  const whole = Array.from({ length: x.rank - taken }, (): Item => ({ kind: 'part', slice: {} }));
  const at = items.findIndex((item) => item.kind === 'rest');
  if (at !== items.findLastIndex((item) => item.kind === 'rest'))
    throw expected("one '...'", 'index', new Text('several'));
  return at === -1 ? [...items, ...whole] : [...items.slice(0, at), ...whole, ...items.slice(at + 1)];
}

function chosen(x: Tensor, items: readonly Item[]): { axes: Axis[]; offset: number } {
  const strides = stridesOf(x.shape);
  const axes: Axis[] = [];
  let offset = 0;
  let axis = 0;
  for (const item of items) {
    const [size, stride] = [x.shape[axis], strides[axis]];
    if (item.kind === 'new') axes.push({ size: 1, stride: 0 });
    if (item.kind === 'position') offset += positionOf(item.at, size) * stride;
    if (item.kind === 'indices') axes.push({ size, stride, index: item.index });
    if (item.kind === 'part') {
      const { first, count, step } = partOf(item.slice, size);
      if (count > 0) offset += first * stride;
      axes.push({ size: count, stride: stride * step });
    }
    if (item.kind === 'mask') {
      const covered = x.shape.slice(axis, axis + item.sizes.length);
      if (covered.join() !== item.sizes.join()) {
        throw expected(
          `a mask of shape ${shapeText(covered)}`,
          'index',
          new Text(`one of shape ${shapeText(item.sizes)}`),
        );
      }
      const found = indicesOf(item.mask, item.sizes);
      for (const [i, one] of found.entries()) axes.push({ size: covered[i], stride: strides[axis + i], index: one });
    }
    axis += axesTaken(item);
  }
  return { axes, offset };
}

/** Where the axes with indices stand and how many they are, after those that are no neighbours were moved to the front. */
function placeOfIndices(axes: Axis[]): [first: number, count: number] {
  const indexed = axes.filter((axis) => axis.index !== undefined);
  const first = axes.findIndex((axis) => axis.index !== undefined);
  const last = axes.findLastIndex((axis) => axis.index !== undefined);
  if (last - first + 1 === indexed.length || indexed.length === 0) return [first, indexed.length];
  axes.splice(0, axes.length, ...indexed, ...axes.filter((axis) => axis.index === undefined));
  return [0, indexed.length];
}

/** The elements that indices of `count` neighbouring axes of `x` name. */
function takeIndices<T extends Tensor>(x: T, axes: readonly Axis[], first: number, count: number): T {
  const indices = axes.flatMap((axis) => axis.index ?? []);
  const common = indices.reduce((shape: readonly number[], one) => broadcastShape(shape, one.shape, 'index'), []);
  const shape = x.shape.toSpliced(first, count, ...common);
  checkRank(shape.length, 'index');
  const spread = indices.map((one) =>
    copyView(one, { shape: common, strides: broadcastStrides(one.shape, common), offset: 0 }),
  );
  const checked = checkedIndex('index', spread, x.shape.slice(first, first + count), true);
  return takeRows('index', x, checked, rowsAlong(x.shape, first, sizeOf(common), false, first + count), shape);
}
