import { checkDim, checkInteger, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { tensor } from './creation.js';
import { holdsAnswers } from './truth.js';

/** A part of an axis: the positions start, start + step, ... before `end`. */
export interface SliceItem {
  /** Negative counts from the end; what lies outside is cut off. Default 0. */
  start?: number;
  /** Likewise. Default: the axis's size. */
  end?: number;
  /** At least 1. Default 1. */
  step?: number;
}

/** Whole numbers, or true and false, nested. */
export type NestedIndex = readonly (number | boolean | NestedIndex)[];

/**
 * What `index` takes for an axis: a position; a part, as an object or in Python's words (`':'`, `'1:-1'`, `'::2'`); `null`
 * for a new axis; `'...'` for as many whole axes as are left; int32 indices, as a tensor or nested arrays; a mask of
 * true and false, nested as deep as it covers axes.
 */
export type IndexItem = number | null | string | SliceItem | Tensor | NestedIndex;

/** An item on its own: what it says of the axes that it takes. */
export type Item =
  | { kind: 'position'; at: number }
  | { kind: 'part'; slice: SliceItem }
  | { kind: 'new' }
  | { kind: 'rest' }
  | { kind: 'indices'; index: Tensor }
  | { kind: 'mask'; mask: NestedIndex; sizes: readonly number[] };

const SLICE: OptionNames<SliceItem> = { start: true, end: true, step: true };

/** Throws unless `value` is an item; tensors made here belong to the current scope. */
export function readItem(value: unknown): Item {
  if (value === null) return { kind: 'new' };
  if (typeof value === 'number') {
    return { kind: 'position', at: checkInteger(value, 'a position in index', Number.MIN_SAFE_INTEGER) };
  }
  if (value === '...') return { kind: 'rest' };
  if (typeof value === 'string') return { kind: 'part', slice: readWords(value) };
  if (Array.isArray(value)) return readNested(value);
  if (value instanceof Tensor) return { kind: 'indices', index: checkIndices(value) };
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    checkOptions(value as SliceItem, SLICE, 'a part in index'); // a plain object
    return { kind: 'part', slice: value as SliceItem };
  }
  throw expected("a number, null, '...', a part, int32 indices or a mask", 'index', value);
}

/** How many axes of the tensor an item takes. */
export function axesTaken(item: Item): number {
  if (item.kind === 'mask') return item.sizes.length;
  return item.kind === 'new' || item.kind === 'rest' ? 0 : 1;
}

/** The positions of a part of an axis, cut off at its ends. */
export function partOf({ start, end, step }: SliceItem, size: number): { first: number; count: number; step: number } {
  const by = checkInteger(step === undefined ? 1 : step, 'a step in index', 1);
  const within = (at: number | undefined, otherwise: number): number => {
    if (at === undefined) return otherwise;
    checkInteger(at, 'a part in index', Number.MIN_SAFE_INTEGER);
    return Math.min(size, Math.max(0, at < 0 ? at + size : at));
  };
  const first = within(start, 0);
  return { first, count: Math.max(0, Math.ceil((within(end, size) - first) / by)), step: by };
}

/** The position of a number along an axis. */
export function positionOf(at: number, size: number): number {
  return checkDim(at, size, 'a position in index');
}

function readWords(text: string): SliceItem {
  const parts = /^(-?\d+)?:(-?\d+)?(?::(-?\d+)?)?$/.exec(text);
  if (parts === null) throw expected("a part such as ':', '1:-1' or '::2'", 'index', text);
  const [start, end, step] = parts
    .slice(1)
    .map((word: string | undefined) => (word === undefined ? word : Number(word)));
  return {
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
    ...(step !== undefined && { step }),
  };
}

function readNested(value: readonly unknown[]): Item {
  let first: unknown = value;
  const sizes: number[] = [];
  while (Array.isArray(first) && sizes.length <= 8) {
    sizes.push(first.length);
    first = first[0];
  }
  if (typeof first !== 'boolean') {
    return { kind: 'indices', index: tensor(value as number[], undefined, { dtype: 'int32' }) }; // tensor() checks it
  }
  return { kind: 'mask', mask: value as NestedIndex, sizes }; // indicesOf checks it
}

function checkIndices(index: Tensor): Tensor {
  checkTensor(index, 'index', { dtype: 'int32' });
  if (!holdsAnswers(index)) return index;
  throw expected(
    'int32 indices',
    'index',
    index,
    'It is a mask: how many it picks is known only when it is computed. Use where or maskedFill, or index with the columns of `await nonzero(mask)`.',
  );
}

/** Where a mask is true, as indices of each axis that it covers. */
export function indicesOf(mask: NestedIndex, sizes: readonly number[]): Tensor[] {
  const found: number[][] = sizes.map(() => []);
  const at: number[] = [];
  const walk = (value: unknown, axis: number): void => {
    if (axis === sizes.length) {
      if (typeof value !== 'boolean') throw expected('true or false', 'a mask in index', value);
      if (value) for (const [i, position] of at.entries()) found[i].push(position);
      return;
    }
    if (!Array.isArray(value) || value.length !== sizes[axis]) {
      throw expected('arrays of equal length at each depth', 'a mask in index', value);
    }
    for (let i = 0; i < value.length; i++) {
      at[axis] = i;
      walk(value[i], axis + 1);
    }
  };
  walk(mask, 0);
  return found.map((positions) => tensor(Int32Array.from(positions)));
}
