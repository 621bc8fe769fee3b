import assert from 'node:assert/strict';
import { runInNewContext } from 'node:vm';
import {
  autocast,
  Capture,
  enableGrad,
  F,
  fence,
  memory,
  nn,
  noGrad,
  ones,
  scope,
  type Tensor,
  untracked,
  ViT,
} from '../../lib/index.js';
import { evaluating } from '../../lib/nn/evaluating.js';

type Any = () => unknown;

let model: ViT;
const makeModel = (): ViT => new ViT({ imgSize: 4, patchSize: 2, embedDim: 8, depth: 1, numHeads: 1, numClasses: 2 });

/** Everything that sets something up around a function, which is over when the function returns. */
const AROUND: Record<string, (fn: Any) => unknown> = {
  noGrad,
  enableGrad,
  autocast: (fn) => autocast('fp32', fn),
  scope,
  untracked,
  'nn.init.withoutInit': nn.init.withoutInit,
  Capture: (fn) => new Capture(fn),
  'F.checkpoint': (fn) => scope(() => F.checkpoint(fn as () => Tensor, ones([2], { requiresGrad: true }))),
  'F.checkpoint without gradients': (fn) => scope(() => F.checkpoint(fn as () => Tensor, ones([2]))),
  evaluating: (fn) => evaluating(model, fn),
};

/** Functions that go on after they return. */
const GO_ON: Record<string, Any> = {
  'an async function': async () => 1,
  'a function that gives a promise': () => Promise.resolve(1),
  'one that fails later': () => Promise.reject(new Error('late')),
  'a promise of another realm': () => runInNewContext('Promise.resolve(1)'),
  'a thenable': () => Object.defineProperty({}, 'then', { value: () => undefined }),
  'a generator': function* () {
    yield 1;
  },
  'an async generator': async function* () {
    yield 1;
  },
};

describe('what lasts as long as a function', () => {
  before(() => {
    model = makeModel();
  });
  after(() => model.dispose());

  for (const [name, around] of Object.entries(AROUND)) {
    for (const [kind, fn] of Object.entries(GO_ON)) {
      it(`${name} refuses ${kind}`, () => {
        assert.throws(() => around(fn), /^TypeError: Expected a synchronous function for .* but received/);
      });
    }

    it(`${name} refuses what is no function`, () => {
      for (const wrong of [undefined, null, 5, {}, 'fn']) {
        assert.throws(() => around(wrong as Any), /^TypeError: Expected a function for .* but received/);
      }
    });
  }

  it('is over after a refusal', async () => {
    const x = ones([2], { requiresGrad: true });
    for (const around of Object.values(AROUND)) assert.throws(() => around(async () => 1));
    const y = x.mul(2);
    assert.equal(y.requiresGrad, true);
    assert.equal(model.training, true);
    const drawn = noGrad(() => new nn.Linear(2, 2));
    assert.notDeepEqual(await drawn.weight.data(), new Float32Array(4));
    for (const item of [x, y, drawn]) item.dispose();
    await fence();
    const { live } = memory();
    scope(() => void ones([1000]));
    assert.equal(memory().live, live);
  });
});
