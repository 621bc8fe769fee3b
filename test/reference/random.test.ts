import assert from 'node:assert/strict';
import { bernoulli, generator, integers, normal, uniform } from './random.js';

describe('the seeded generator', () => {
  it('repeats itself from a seed, and only then', () => {
    assert.deepEqual(normal([5], generator(3)), normal([5], generator(3)));
    assert.notDeepEqual(normal([5], generator(3)), normal([5], generator(4)));
  });

  it('draws float32 numbers of the distribution asked for', () => {
    const { data } = normal([20_000], generator(5), 2);
    const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
    const variance = data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length;
    assert.ok(Math.abs(mean) < 0.05 && Math.abs(variance - 4) < 0.15, `mean ${mean}, variance ${variance}`);
    assert.ok(data.every((x) => x === Math.fround(x)));
  });

  it('keeps to the range', () => {
    assert.ok(uniform([1000], generator(6), -1, 2).data.every((x) => x >= -1 && x < 2));
    const drawn = new Set(integers([1000], generator(7), 10).data);
    assert.deepEqual([...drawn].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const kept = bernoulli([1000], generator(8), 0.3).data.reduce((sum, x) => sum + x, 0);
    assert.ok(Math.abs(kept - 300) < 60, `${kept} of 1000`);
  });
});
