import assert from 'node:assert/strict';
import {
  Capture,
  fence,
  Generator,
  manualSeed,
  multinomial,
  randint,
  randperm,
  reset,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../lib/index.js';
import { assertBadInput, returnsMemory } from '../native-op.js';

const numbers = (x: Tensor): number[] => [...x.dataSync()];

/** The 32-bit numbers that draws from a generator of this seed are made of. */
function wordsOf(seed: number, count: number): number[] {
  return scope(() => {
    using generator = new Generator(seed);
    return numbers(randint(-(2 ** 31), 2 ** 31 - 1, [count], { generator })).map((word) => word + 2 ** 31);
  });
}

function permutationOf(seed: number, count: number): number[] {
  const [words, order] = [wordsOf(seed, count), Array.from({ length: count }, (_, i) => i)];
  for (let i = count - 1; i > 0; i--) {
    const j = Number((BigInt(words[count - 1 - i]) * BigInt(i + 1)) >> 32n);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

function drawnOf(seed: number, weights: number[], samples: number, replacement: boolean): number[] {
  const uniforms = wordsOf(seed, replacement ? samples : weights.length).map((word) => (word + 0.5) / 2 ** 32);
  if (!replacement) {
    const times = uniforms.map((u, c) => (weights[c] > 0 ? -Math.log(u) / weights[c] : Infinity));
    const order = times.map((_, c) => c).sort((a, b) => times[a] - times[b]);
    return order.slice(0, samples);
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return uniforms.map((u) => {
    let rest = u * total;
    return weights.findIndex((weight) => {
      rest -= weight;
      return rest < 0;
    });
  });
}

/** How often each number below `count` comes. */
function histogram(drawn: number[], count: number): number[] {
  const counts = new Array<number>(count).fill(0);
  for (const value of drawn) counts[value]++;
  return counts;
}

describe('randperm', () => {
  returnsMemory();

  for (const count of [0, 1, 2, 7, 300, 1000]) {
    it(`of ${count} is the reference's order`, () => {
      using generator = new Generator(7);
      scope(() => assert.deepEqual(numbers(randperm(count, { generator })), permutationOf(7, count)));
    });
  }

  it('goes on where the generator stands, and the global one without any', () => {
    scope(() => {
      const twice = (): number[][] => [numbers(randperm(50)), numbers(randperm(50))];
      manualSeed(3);
      const [first, second] = twice();
      manualSeed(3);
      assert.deepEqual(twice(), [first, second]);
      assert.notDeepEqual(first, second);
      assert.deepEqual(
        [...second].sort((a, b) => a - b),
        [...permutationOf(0, 50)].sort((a, b) => a - b),
      );
    });
  });

  it('has every order as often as any other', () => {
    manualSeed(5);
    const orders = scope(() => Array.from({ length: 6000 }, () => randperm(3)).map((order) => numbers(order).join('')));
    const counts = new Map<string, number>();
    for (const order of orders) counts.set(order, (counts.get(order) ?? 0) + 1);
    assert.equal(counts.size, 6);
    for (const [order, count] of counts) assert.ok(Math.abs(count - 1000) < 120, `${order}: ${count}`); // 4 deviations
  });

  it('is another one at each replay of a capture', () => {
    scope(() => {
      const step = new Capture(() => randperm(100));
      const first = numbers(step.result);
      step.replay();
      assert.notDeepEqual(numbers(step.result), first);
      step.dispose();
    });
  });

  it('refuses what is no count', () => {
    assertBadInput(() => randperm(-1), /a whole number from 0 to 2147483647 for randperm .*-1/);
    assertBadInput(() => randperm(2, { seed: 1 } as object), /option among generator .*seed/);
  });
});

describe('multinomial', () => {
  returnsMemory();
  const WEIGHTS = [0.5, 0, 2, 1, 0.25, 0, 4];

  for (const replacement of [true, false]) {
    it(`${replacement ? 'with' : 'without'} replacement draws what the reference draws, row by row`, () => {
      const samples = replacement ? 11 : 5;
      using generator = new Generator(9);
      scope(() => {
        const one = multinomial(tensor(WEIGHTS), samples, { replacement, generator });
        assert.deepEqual([...one.shape], [samples]);
        assert.deepEqual(numbers(one), drawnOf(9, WEIGHTS, samples, replacement));
      });
      generator.manualSeed(9);
      scope(() => {
        const both = multinomial(tensor([WEIGHTS, WEIGHTS]), samples, { replacement, generator });
        assert.deepEqual([...both.shape], [2, samples]);
        const [first, second] = [numbers(both).slice(0, samples), numbers(both).slice(samples)];
        assert.deepEqual(first, drawnOf(9, WEIGHTS, samples, replacement));
        assert.notDeepEqual(second, first);
      });
    });

    it(`${replacement ? 'with' : 'without'} replacement draws a class first as often as its weight says`, () => {
      manualSeed(4);
      const rows = 8000;
      const drawn = scope(() => {
        const table = tensor(WEIGHTS).reshape([1, 7]).expand([rows, 7]);
        return numbers(multinomial(table, 2, { replacement }).select(1, 0));
      });
      for (const [c, count] of histogram(drawn, 7).entries()) {
        const share = WEIGHTS[c] / 7.75;
        const deviation = Math.sqrt(rows * share * (1 - share));
        assert.ok(Math.abs(count - rows * share) <= 4 * deviation, `class ${c} came ${count} times`);
      }
    });
  }

  it('without replacement draws every class of a weight once, in an order by weight', () => {
    manualSeed(6);
    const rows = 3000;
    const drawn = scope(() => {
      const table = tensor([1, 3]).reshape([1, 2]).expand([rows, 2]);
      return numbers(multinomial(table, 2));
    });
    const firsts = drawn.filter((_, i) => i % 2 === 0);
    for (let row = 0; row < rows; row++) assert.equal(drawn[2 * row] + drawn[2 * row + 1], 1);
    assert.ok(Math.abs(histogram(firsts, 2)[0] - rows / 4) < 4 * Math.sqrt((rows * 3) / 16));
  });

  for (const [what, weights, says] of [
    ['a negative weight', [1, -1, 1], /finite weights of at least 0 for multinomial but received -1\.0+ at class 1/],
    ['NaN', [1, Number.NaN, 1], /finite weights of at least 0 .*nan at class 1 of row 0/],
    ['too few weights above 0', [1, 0, 0], /at least 2 weights above 0 for multinomial but received 1 in row 0/],
  ] as const) {
    it(`finds ${what} on the stream`, async () => {
      const x = tensor(weights);
      const y = multinomial(x, 2);
      try {
        await assert.rejects(fence(), (error: Error) => {
          assert.equal(error.name, 'StreamError');
          assert.match(error.message, says);
          assert.match(error.stack ?? '', /sampling\.test/);
          return true;
        });
      } finally {
        reset();
        x.dispose();
        y.dispose();
      }
    });
  }

  it('refuses what cannot be drawn', () => {
    assertBadInput(() => multinomial(zeros([3]), 4), /at most 3 samples.* for multinomial .*4/);
    assertBadInput(() => multinomial(zeros([2, 0]), 1), /at least one class/);
    assertBadInput(() => multinomial(zeros([]), 1), /at least 1 axes/);
    assertBadInput(() => multinomial(zeros([1, 2, 3]), 1), /one or two axes/);
    assertBadInput(() => multinomial(zeros([3]), 0), /whole number of at least 1 for multinomial numSamples/);
    assertBadInput(() => multinomial(zeros([3]), 1, { replacements: true } as object), /Did you mean replacement/);
  });
});
