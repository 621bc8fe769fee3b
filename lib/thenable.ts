import { types } from 'node:util';
import { checkFunction } from './check.js';

/** What `await` would wait for: a promise of this or another realm, or anything with a `then` method. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return false;
  return typeof (value as { then?: unknown }).then === 'function';
}

/**
 * Calls a function that must be over when it returns, and gives its result.
 *
 * @throws TypeError for what is no function, or when its result is not there yet
 */
export function callSynchronously<T>(fn: () => T, where: string): T {
  checkFunction(fn, where);
  const result = fn();
  checkSynchronous(result, where);
  return result;
}

/**
 * Throws for the result of a function that goes on after it returns, where what `where` sets up would be over by then.
 *
 * @throws TypeError when `result` is thenable, or a generator, which has not begun
 */
export function checkSynchronous(result: unknown, where: string): void {
  if (types.isGeneratorObject(result)) {
    throw new TypeError(`Expected a synchronous function for ${where} but received a generator. Run its loop inside.`);
  }
  if (!isThenable(result)) return;
  result.then(undefined, () => undefined); // it may fail too, later: one error is enough
  throw new TypeError(
    `Expected a synchronous function for ${where} but received one that returns a promise. Return the tensors and await their data() outside.`,
  );
}
