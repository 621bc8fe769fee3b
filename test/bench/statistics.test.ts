import assert from 'node:assert/strict';
import { fitExponent, median } from '../../bench/statistics.js';

describe('median', () => {
  it('is the middle, or the mean of the middle two', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([10, 1, 2, 4]), 3);
  });
});

describe('fitExponent', () => {
  it('finds the power of a power law', () => {
    const points = [1, 2, 5, 9].map((x) => [x, 3 * x ** 1.5] as const);
    assert.ok(Math.abs(fitExponent(points) - 1.5) < 1e-12);
  });

  it('lies between the powers of a sum', () => {
    const exponent = fitExponent([1, 2, 4, 8].map((x) => [x, x + x ** 2] as const));
    assert.ok(exponent > 1 && exponent < 2);
  });

  it('is NaN for one point', () => {
    assert.ok(Number.isNaN(fitExponent([[2, 3]])));
  });
});
