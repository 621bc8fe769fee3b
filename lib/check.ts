/**
 * The one formatter of argument errors: *Expected X for Y but received Z. Do W.*
 * Everything a user may pass is checked here, in TypeScript, before anything is enqueued.
 */

/** What a value is, in a few words, for an error message. */
export function describe(value: unknown, depth = 0): string {
  if (value === null) return 'null';
  if (typeof value === 'string') {
    return value.length > CHARACTERS_TOLD ? `'${value.slice(0, CHARACTERS_TOLD)}...'` : `'${value}'`;
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'bigint') return `${String(value).slice(0, CHARACTERS_TOLD)}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object') return value === undefined ? 'undefined' : `a ${typeof value}`;
  if (isShaped(value)) return `a ${value.dtype} tensor of shape ${shapeText(value.shape)}`;
  if (Array.isArray(value)) return describeArray(value, depth);
  const name = nameOf(value);
  if (value instanceof DataView) return `a ${name} of ${value.byteLength} bytes`;
  if (ArrayBuffer.isView(value)) return `a ${name} of ${(value as Uint8Array).length} elements`;
  return name === 'Object' ? 'an object' : `a ${name}`;
}

// What is told of a string (longer than any name that somebody chose), and of arrays in arrays, which may go round in circles.
const CHARACTERS_TOLD = 200;
const DEPTH_TOLD = 2;
const ITEMS_TOLD = 8;

function describeArray(array: readonly unknown[], depth: number): string {
  if (depth === DEPTH_TOLD) return '[...]';
  // Array.from: a hole is no element to map().
  const items = Array.from(array.slice(0, ITEMS_TOLD), (item) => describe(item, depth + 1));
  return `[${items.join(', ')}${array.length > ITEMS_TOLD ? ', ...' : ''}]`;
}

/** The class of an object; that of one without a constructor's name is Object. */
function nameOf(value: object): string {
  const { constructor: made } = value as { constructor?: unknown };
  return (typeof made === 'function' && made.name) || 'Object';
}

function isShaped(value: object): value is { shape: readonly number[]; dtype: string } {
  return 'dtype' in value && 'shape' in value && Array.isArray(value.shape);
}

/** A shape as the documentation writes it: `(2,3)`. */
export function shapeText(shape: readonly number[]): string {
  return `(${shape.join(',')})`;
}

/** A name from a file as messages show it: in quotes, escaped, and not of any length. */
export function quoted(name: string): string {
  return printable(JSON.stringify(name.length > CHARACTERS_TOLD ? `${name.slice(0, CHARACTERS_TOLD)}...` : name));
}

/** The first of many things, and how many more there are: a message does not grow with what it is about. */
export function listed(items: readonly string[], { most = 3, separator = ', ' } = {}): string {
  const more =
    items.length > most ? `${separator === ', ' ? ' and ' : `${separator}and `}${items.length - most} more` : '';
  return items.slice(0, most).join(separator) + more;
}

/**
 * Text as a terminal may be given it: what would move the cursor, change colours, begin a line or turn the order of
 * letters is escaped. Names and values of files come into messages, and those to terminals.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, (char) => {
    return `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}

/** The error of a wrong argument. `received` is described unless it is a `Text`. */
export function expected(what: string, where: string, received: unknown, advice = ''): TypeError {
  const got = received instanceof Text ? received.text : describe(received);
  const text = `Expected ${what} for ${where} but received ${got}.${advice === '' ? '' : ` ${advice}`}`;
  return new TypeError(printable(text));
}

/** Words that stand in an error as they are, where a value's own description would not tell enough. */
export class Text {
  constructor(readonly text: string) {}
}

/** Throws unless `value` is a whole number in [least, most]. */
export function checkInteger(value: unknown, where: string, least = 0, most = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  const isOpen = most === Number.MAX_SAFE_INTEGER && !(typeof value === 'number' && value > most);
  const range = isOpen ? `of at least ${least}` : `from ${least} to ${most}`;
  throw expected(`a whole number ${range}`, where, value);
}

/** Throws unless `value` is a finite number in [least, most]. */
export function checkNumber(value: unknown, where: string, least = -Infinity, most = Infinity): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most) return value;
  const range =
    least === -Infinity && most === Infinity
      ? ''
      : most === Infinity
        ? ` of at least ${least}`
        : ` from ${least} to ${most}`;
  throw expected(`a finite number${range}`, where, value);
}

/** Throws unless `value` is true or false. */
export function checkBoolean(value: unknown, where: string): boolean {
  if (typeof value === 'boolean') return value;
  throw expected('true or false', where, value);
}

/** Throws unless `value` is a function. */
export function checkFunction(value: unknown, where: string): void {
  if (typeof value !== 'function') throw expected('a function', where, value);
}

/** Throws unless `value` is an array. */
export function checkArray(value: unknown, what: string, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw expected(what, where, value);
}

/** Throws unless `value` is one of `options`. */
export function checkOneOf<T extends string>(value: unknown, where: string, options: readonly T[]): T {
  if (options.includes(value as T)) return value as T;
  throw expected(`one of ${options.map((option) => `'${option}'`).join(', ')}`, where, value);
}

/** Throws unless `shape` is an array of sizes; gives a copy of it. */
export function checkShape(shape: unknown, where: string): number[] {
  const sizes = [...checkArray(shape, 'an array of sizes', where)];
  checkRank(sizes.length, where);
  for (const size of sizes) checkInteger(size, `a size in ${where}`);
  return sizes as number[]; // each of them checked
}

/** The most axes that a tensor may have. */
export const MAX_RANK = 8;

/** Throws for more axes than a tensor may have. */
export function checkRank(rank: number, where: string): void {
  if (rank > MAX_RANK) throw expected(`at most ${MAX_RANK} axes`, where, new Text(`${rank}`));
}

/** The number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** Axis `dim` of a tensor of `rank` axes, counted from the end when negative. */
export function checkDim(dim: unknown, rank: number, where: string): number {
  if (typeof dim === 'number' && Number.isInteger(dim) && dim >= -rank && dim < rank) return dim < 0 ? dim + rank : dim;
  throw expected(rank === 0 ? 'a tensor with axes' : `an axis from ${-rank} to ${rank - 1}`, where, dim);
}

/** Axes of a tensor of `rank` axes, one or several, each once. */
export function checkDims(dims: unknown, rank: number, where: string): number[] {
  const axes = [dims].flat().map((dim) => checkDim(dim, rank, where));
  if (new Set(axes).size !== axes.length) throw expected('each axis once', where, dims);
  return axes;
}

/** A number or a pair of them, as (height, width). */
export type Pair = number | readonly [number, number];

/** Throws unless `value` is a whole number, or a pair of them, of at least `least`. */
export function checkPair(value: unknown, where: string, least: number): readonly [number, number] {
  const pair = Array.isArray(value) ? value : [value, value];
  if (pair.length !== 2) throw expected('a number or a (height, width) pair', where, value);
  return Object.freeze([checkInteger(pair[0], where, least), checkInteger(pair[1], where, least)] as const);
}
