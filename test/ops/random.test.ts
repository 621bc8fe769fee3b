import assert from 'node:assert/strict';
import {
  getThreads,
  manualSeed,
  rand,
  randint,
  randn,
  randomState,
  scope,
  setRandomState,
  setThreads,
  type Tensor,
} from '../../lib/index.js';
import { assertBadInput, returnsMemory } from '../native-op.js';

const DRAWS: Record<string, (shape: number[]) => Tensor> = {
  randn: (shape) => randn(shape),
  rand: (shape) => rand(shape),
  randint: (shape) => randint(-5, 1000, shape),
};

/** Read within a scope of its own. */
const values = (make: () => Tensor): number[] => scope(() => [...make().dataSync()]);

describe('random numbers', () => {
  returnsMemory();

  for (const [name, draw] of Object.entries(DRAWS)) {
    it(`${name} repeats itself from a seed, and only then`, () => {
      const from = (seed: number) => {
        manualSeed(seed);
        return values(() => draw([197]));
      };
      assert.deepEqual(from(1), from(1));
      assert.notDeepEqual(from(1), from(2));
      // Seeds that agree in their lower or upper 32 bits.
      assert.notDeepEqual(from(1), from(2 ** 32 + 1));
      assert.notDeepEqual(from(2 ** 32), from(2 ** 33));
      assert.notDeepEqual(
        values(() => draw([197])),
        values(() => draw([197])),
      );
    });

    it(`${name} gives number n the same value however the draws are cut`, () => {
      manualSeed(3);
      const whole = values(() => draw([1000]));
      manualSeed(3);
      const cut = [1, 7, 17, 197, 0, 778].flatMap((n) => values(() => draw([n])));
      assert.deepEqual(cut, whole);
    });

    it(`${name} does not depend on the number of threads`, () => {
      const before = getThreads();
      const [one, two] = [1, 2].map((threads) => {
        setThreads(threads);
        manualSeed(4);
        return values(() => draw([100_003]));
      });
      setThreads(before);
      assert.deepEqual(one, two);
    });

    it(`${name} goes on from where a state was taken`, async () => {
      manualSeed(5);
      values(() => draw([17]));
      const state = await randomState();
      const after = values(() => draw([17]));
      manualSeed(6);
      setRandomState(state);
      assert.deepEqual(
        values(() => draw([17])),
        after,
      );
    });

    it(`${name} takes every shape`, () => {
      scope(() => {
        for (const shape of [[], [0], [2, 0, 3], [2, 3, 4]]) assert.deepEqual(draw(shape).shape, shape);
      });
    });
  }

  // Bounds are five standard deviations of each statistic over n draws.
  const n = 100_000;

  it('randn has the moments and tails of the normal distribution', () => {
    manualSeed(7);
    const x = values(() => randn([n]));
    const moment = (k: number) => x.reduce((sum, value) => sum + value ** k, 0) / n;
    assert.ok(Math.abs(moment(1)) < 5 / Math.sqrt(n), `mean ${moment(1)}`);
    assert.ok(Math.abs(moment(2) - 1) < 5 * Math.sqrt(2 / n), `variance ${moment(2)}`);
    assert.ok(Math.abs(moment(3)) < 5 * Math.sqrt(15 / n), `skew ${moment(3)}`);
    assert.ok(Math.abs(moment(4) - 3) < 5 * Math.sqrt(96 / n), `fourth moment ${moment(4)}`);
    const beyond2 = x.filter((value) => Math.abs(value) > 2).length / n;
    assert.ok(Math.abs(beyond2 - 0.0455) < 5 * Math.sqrt(0.0455 / n), `beyond 2: ${beyond2}`);
    const neighbours = x.slice(1).reduce((sum, value, i) => sum + value * (x[i] ?? 0), 0) / n;
    assert.ok(Math.abs(neighbours) < 5 / Math.sqrt(n), `correlation of neighbours ${neighbours}`);
  });

  it('rand fills [0, 1) evenly', () => {
    manualSeed(8);
    const x = values(() => rand([n]));
    assert.ok(x.every((value) => value >= 0 && value < 1));
    const tenths = new Array<number>(10).fill(0);
    for (const value of x) tenths[Math.floor(10 * value)]++;
    for (const count of tenths) assert.ok(Math.abs(count - n / 10) < 5 * Math.sqrt(n * 0.09), `tenths ${tenths}`);
  });

  it('randint takes every number of its range as often, and no other', () => {
    manualSeed(9);
    const counts = new Map<number, number>();
    for (const value of values(() => randint(-3, 4, [n]))) counts.set(value, (counts.get(value) ?? 0) + 1);
    assert.deepEqual(
      [...counts.keys()].sort((a, b) => a - b),
      [-3, -2, -1, 0, 1, 2, 3],
    );
    for (const count of counts.values()) assert.ok(Math.abs(count - n / 7) < 5 * Math.sqrt(n / 7), `${count} of one`);
  });

  it('randint reaches the ends of 32 bits', () => {
    const x = values(() => randint(-(2 ** 31), 2 ** 31 - 1, [1000]));
    assert.ok(Math.min(...x) < -1.9e9 && Math.max(...x) > 1.9e9);
    assert.deepEqual(
      values(() => randint(5, 6, [3])),
      [5, 5, 5],
    );
  });

  it('may require gradients', () => {
    scope(() => {
      assert.equal(randn([3], { requiresGrad: true }).requiresGrad, true);
      assert.equal(rand([3]).requiresGrad, false);
    });
  });

  it('refuse seeds, shapes, ranges and states that are none', () => {
    assertBadInput(() => manualSeed(-1), /manualSeed .*-1\./);
    assertBadInput(() => manualSeed(0.5), /manualSeed .*0\.5/);
    assertBadInput(() => manualSeed(2 ** 53), /manualSeed/);
    assertBadInput(() => randn([2, -1]), /a size in randn .*-1\./);
    assertBadInput(() => rand([Number.NaN]), /a size in rand .*NaN/);
    assertBadInput(() => rand(3 as unknown as number[]), /array of sizes for rand .* 3\./);
    assertBadInput(() => randint(3, 3, [1]), /at least 4|from 4 to \d+ for randint high .* 3\./);
    assertBadInput(() => randint(0, 2 ** 31, [1]), /randint high/);
    assertBadInput(() => randint(0.5, 3, [1]), /randint low .*0\.5/);
    assertBadInput(() => setRandomState([1, 2, 3]), /four numbers .*\[1, 2, 3\]/);
    assertBadInput(() => setRandomState([1, 2, 3, 0.5]), /whole numbers .*0\.5/);
  });
});
