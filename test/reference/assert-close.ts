import assert from 'node:assert/strict';

/** Anything with a shape and numbers: a `Ref`, or what a tensor was read into. */
export interface Values {
  shape: readonly number[];
  data: ArrayLike<number>;
}

export interface Tolerance {
  /** Of the expected element's size; 1e-5 by default, DESIGN's float32 figure. */
  relative?: number;
  /** Whatever the element's size; by default `relative` times the root mean square of what is expected. */
  absolute?: number;
}

/** Asserts equal shapes and |actual - expected| <= absolute + relative |expected|; NaN and infinities must match. */
export function assertClose(actual: Values, expected: Values, tolerance: Tolerance = {}, what = 'values'): void {
  assert.deepEqual([...actual.shape], [...expected.shape], `shape of ${what}`);
  assert.equal(actual.data.length, expected.data.length, `number of ${what}`);
  const { relative = 1e-5 } = tolerance;
  const absolute = tolerance.absolute ?? relative * rootMeanSquare(expected.data);
  for (let i = 0; i < expected.data.length; i++) {
    const a = actual.data[i];
    const e = expected.data[i];
    const allowed = absolute + relative * Math.abs(e);
    const close = Number.isFinite(e) ? Math.abs(a - e) <= allowed : Object.is(a, e);
    if (!close) {
      assert.fail(`${what}: element ${i} of (${expected.shape.join(', ')}) is ${a}, expected ${e} ± ${allowed}`);
    }
  }
}

function rootMeanSquare(data: ArrayLike<number>): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) continue;
    sum += data[i] * data[i];
    count++;
  }
  return count === 0 ? 0 : Math.sqrt(sum / count);
}
