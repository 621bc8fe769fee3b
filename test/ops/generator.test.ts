import assert from 'node:assert/strict';
import {
  bernoulli,
  Capture,
  F,
  full,
  Generator,
  manualSeed,
  nn,
  rand,
  randint,
  randn,
  scope,
  tensor,
  zeros,
} from '../../lib/index.js';
import { assertBadInput, assertSameBits, returnsMemory } from '../native-op.js';

describe('Generator', () => {
  returnsMemory();

  it('draws what the global generator draws of the same seed, and leaves that alone', () => {
    using generator = new Generator(2 ** 40 + 7);
    scope(() => {
      manualSeed(2 ** 40 + 7);
      const global = [randn([5]), rand([3]), randint(0, 9, [4])];
      manualSeed(3);
      const options = { generator };
      const own = [randn([5], options), rand([3], options), randint(0, 9, [4], options)];
      for (const [i, draws] of own.entries()) assertSameBits(draws, global[i], `draws ${i}`);
      const next = randn([2]);
      manualSeed(3);
      assertSameBits(randn([2]), next, "the global generator's draws");
    });
  });

  it('is what dropout, dropPath and the initialisers draw from', () => {
    const draws = (generator: Generator | undefined) => {
      const options = generator && { generator };
      const target = zeros([4, 6]);
      return [
        F.dropout(full([40], 1), 0.5, options),
        F.dropPath(full([40, 1], 1), 0.5, options),
        nn.init.normal(target, 1, 2, options).clone(),
        nn.init.truncatedNormal(target, 1, 2, options).clone(),
        nn.init.uniform(target, 1, 2, options).clone(),
        nn.init.xavierUniform(target, options).clone(),
        nn.init.kaimingNormal(target, options).clone(),
        nn.init.lecunNormal(target, options).clone(),
        nn.init.defaultUniform(target, 4, options).clone(),
        bernoulli(full([40], 0.5), options),
      ];
    };
    using generator = new Generator(11);
    scope(() => {
      const own = draws(generator);
      manualSeed(11);
      for (const [i, expected] of draws(undefined).entries()) assertSameBits(own[i], expected, `draws ${i}`);
    });
  });

  it('goes on from a state that was read, and anew from a seed', async () => {
    using generator = new Generator(5);
    assert.equal(generator.initialSeed, 5);
    using _ = randn([3], { generator });
    const state = await generator.state();
    using first = randn([3], { generator });
    using again = randn([3], { generator: generator.setState(state) });
    assertSameBits(again, first, 'draws from the state');
    using other = new Generator().setState(state);
    using elsewhere = randn([3], { generator: other });
    assertSameBits(elsewhere, first, 'draws of another generator');
    assert.equal(generator.manualSeed(6).initialSeed, 6);
    using seeded = new Generator(6);
    assert.deepEqual(await generator.state(), await seeded.state());
  });

  it('is put back by a checkpoint, which draws again what it drew', () => {
    using generator = new Generator(1);
    scope(() => {
      const gradients = [false, true].map((checkpointed) => {
        const x = full([64], 1, { requiresGrad: true });
        const fn = (t: typeof x) => F.dropout(F.dropout(t, 0.5, { generator }), 0.25);
        manualSeed(4);
        generator.manualSeed(2);
        const y = checkpointed ? F.checkpoint(fn, x) : fn(x);
        const after = randn([4], { generator });
        y.sum().backward();
        return [x.grad ?? assert.fail('no gradient'), y.detach(), after, randn([4], { generator })];
      });
      for (const [i, expected] of gradients[0].entries()) assertSameBits(gradients[1][i], expected, `tensor ${i}`);
    });
  });

  it('draws new numbers at each replay of a captured function', () => {
    using generator = new Generator(1);
    using same = new Generator(1);
    scope(() => {
      const step = new Capture(() => rand([4], { generator }));
      step.replay();
      rand([4], { generator: same });
      assertSameBits(step.result, rand([4], { generator: same }), 'the second draws');
      step.dispose();
    });
  });

  it('refuses other seeds, states and generators', () => {
    assertBadInput(() => new Generator(-1), /a whole number of at least 0 for Generator seed/);
    using generator = new Generator();
    assertBadInput(() => generator.setState([1, 2]), /the four numbers of state\(\) for setState/);
    assertBadInput(() => randn([1], { generator: 3 as unknown as Generator }), /a Generator for randn generator .* 3/);
    const gone = new Generator();
    gone.dispose();
    assert.throws(() => rand([1], { generator: gone }), /a live tensor but received one that was disposed/);
  });
});

describe('bernoulli', () => {
  returnsMemory();

  it('is 1 as often as its probability says, and never or always at the ends', () =>
    scope(() => {
      manualSeed(0);
      const draws = bernoulli(full([10_000], 0.3)).dataSync();
      const share = draws.reduce((sum, value) => sum + value, 0) / draws.length;
      assert.ok(Math.abs(share - 0.3) < 0.02, `${share}`);
      assert.ok(draws.every((value) => value === 0 || value === 1));
      assert.deepEqual([...bernoulli(tensor([0, 1, -1, 2, Number.NaN])).dataSync()], [0, 1, 0, 1, 0]);
    }));
});
