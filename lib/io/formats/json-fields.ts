import { checkInteger, checkNumber, expected } from '../../check.js';

/** Tells whether a parsed JSON value is an object, and no array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The fields of a JSON object from a file, checked as they are asked for; those absent or null are undefined. */
export class JsonFields {
  readonly #json: Readonly<Record<string, unknown>>;

  /** @param where how messages name the object */
  constructor(
    json: unknown,
    readonly where: string,
  ) {
    if (!isObject(json)) throw expected('a JSON object', where, json);
    this.#json = json;
  }

  /** A whole number of at least `least`. */
  integer(key: string, least = 0): number | undefined {
    const value = this.raw(key);
    return value === undefined ? undefined : checkInteger(value, this.#at(key), least);
  }

  number(key: string, least = 0): number | undefined {
    const value = this.raw(key);
    return value === undefined ? undefined : checkNumber(value, this.#at(key), least);
  }

  string(key: string): string | undefined {
    const value = this.raw(key);
    if (value !== undefined && typeof value !== 'string') throw expected('a string', this.#at(key), value);
    return value;
  }

  boolean(key: string): boolean | undefined {
    const value = this.raw(key);
    if (value !== undefined && typeof value !== 'boolean') throw expected('true or false', this.#at(key), value);
    return value;
  }

  /** An array of finite numbers. */
  numbers(key: string): number[] | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw expected('an array of numbers', this.#at(key), value);
    return value.map((item) => checkNumber(item, this.#at(key)));
  }

  /** A whole number of at least 1 or a (height, width) pair of them. */
  size(key: string): [number, number] | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    const pair = Array.isArray(value) ? value : [value, value];
    if (pair.length !== 2) throw expected('a number or a (height, width) pair', this.#at(key), value);
    return [checkInteger(pair[0], this.#at(key), 1), checkInteger(pair[1], this.#at(key), 1)];
  }

  /** The object under a key. */
  object(key: string): JsonFields | undefined {
    const value = this.raw(key);
    return value === undefined ? undefined : new JsonFields(value, this.#at(key));
  }

  /** The names of all fields. */
  keys(): string[] {
    return Object.keys(this.#json);
  }

  /** Whatever is under a key. */
  raw(key: string): unknown {
    return Object.hasOwn(this.#json, key) ? (this.#json[key] ?? undefined) : undefined;
  }

  #at(key: string): string {
    return `"${key}" of ${this.where}`;
  }
}
