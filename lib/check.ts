/**
 * The one formatter of argument errors: *Expected X for Y but received Z. Do W.*
 * Everything a user may pass is checked here, in TypeScript, before anything is enqueued.
 */

// Longer than any name that somebody chose.
const mostShown = 200;

/** What a value is, in a few words, for an error message. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `'${value.length > mostShown ? `${value.slice(0, mostShown)}...` : value}'`;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value !== 'object') return typeof value;
  if (isShaped(value)) return `a ${value.dtype} tensor of shape ${shapeText(value.shape)}`;
  if (Array.isArray(value)) return `[${value.slice(0, 8).map(describe).join(', ')}${value.length > 8 ? ', ...' : ''}]`;
  const name = value.constructor?.name;
  if (ArrayBuffer.isView(value)) return `a ${name} of ${(value as Uint8Array).length} elements`;
  return name === undefined || name === 'Object' ? 'an object' : `a ${name}`;
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
  return printable(JSON.stringify(name.length > mostShown ? `${name.slice(0, mostShown)}...` : name));
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
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
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

/** Throws unless `value` is one of `options`. */
export function checkOneOf<T extends string>(value: unknown, where: string, options: readonly T[]): T {
  if (options.includes(value as T)) return value as T;
  throw expected(`one of ${options.map((option) => `'${option}'`).join(', ')}`, where, value);
}

/** Throws unless `shape` is an array of sizes; gives a copy of it. */
export function checkShape(shape: unknown, where: string): number[] {
  if (!Array.isArray(shape)) throw expected('an array of sizes', where, shape);
  if (shape.length > 8) throw expected('at most 8 dimensions', where, new Text(`${shape.length}`));
  for (const size of shape) checkInteger(size, `a size in ${where}`);
  return [...shape];
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

/** A number or a pair of them, as (height, width). */
export type Pair = number | readonly [number, number];

/** Throws unless `value` is a whole number, or a pair of them, of at least `least`. */
export function checkPair(value: unknown, where: string, least: number): [number, number] {
  const pair = Array.isArray(value) ? value : [value, value];
  if (pair.length !== 2) throw expected('a number or a (height, width) pair', where, value);
  return [checkInteger(pair[0], where, least), checkInteger(pair[1], where, least)];
}
