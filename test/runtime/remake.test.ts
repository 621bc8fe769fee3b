import assert from 'node:assert/strict';
import { F, manualSeed, memory, randn, scope, type Tensor } from '../../lib/index.js';
import { leavesNothing } from './leaves-nothing.js';

const ROWS = 1024; // so that a result of as many columns takes 4 MiB, from where on results are made again
const WIDTH = 1024;

interface Inputs {
  x: Tensor;
  weight: Tensor;
  bias: Tensor;
  next: Tensor;
}

/** Ops whose first result can be made again from what they keep anyway. */
const MAKERS: Record<string, (inputs: Inputs) => Tensor> = {
  'a linear layer with an activation': ({ x, weight, bias }) => F.linear(x, weight, bias, { activation: 'gelu' }),
  'an activation': ({ x }) => F.gelu(x),
  'a layer norm': ({ x, bias }) => F.layerNorm(x, bias, bias),
  'a layer norm without bias': ({ x, bias }) => F.layerNorm(x, bias),
  'a layer norm after a residual': ({ x, bias }) => F.addLayerNorm(x, x, bias, bias).y,
};

/** Runs `fn` on random inputs, the same ones each time. */
function onInputs<T>(fn: (inputs: Inputs) => T): T {
  manualSeed(3);
  const inputs = {
    x: randn([ROWS, WIDTH], { requiresGrad: true }),
    weight: randn([WIDTH, WIDTH], { requiresGrad: true }),
    bias: randn([WIDTH], { requiresGrad: true }),
    next: randn([8, WIDTH], { requiresGrad: true }),
  };
  try {
    return scope(() => fn(inputs));
  } finally {
    for (const input of Object.values(inputs)) {
      input.grad?.dispose();
      input.dispose();
    }
  }
}

const bitsOf = (t: Tensor | null): Buffer => (t === null ? Buffer.alloc(0) : Buffer.from(t.dataSync().slice().buffer));

describe('a large result that can be made again', () => {
  for (const [what, make] of Object.entries(MAKERS)) {
    /** The bits of all gradients, and the bytes that the graph held, when `through` hands the result on. */
    const run = (through: (hidden: Tensor) => Tensor): { bits: Buffer[]; held: number } =>
      onInputs((inputs) => {
        const before = memory().live;
        const y = scope(() => F.linear(through(make(inputs)), inputs.next));
        const held = memory().live - before;
        y.backward(F.gelu(y));
        return { bits: Object.values(inputs).map(({ grad }) => bitsOf(grad)), held };
      });

    it(`is not kept by what takes it, and gives the same bits: of ${what}`, () =>
      leavesNothing(() => {
        const remade = run((hidden) => hidden);
        const kept = run((hidden) => hidden.reshape(hidden.shape)); // a view is kept
        assert.equal(kept.held - remade.held, 4 * ROWS * WIDTH);
        assert.deepEqual(remade.bits, kept.bits);
      }));

    it(`is kept when it was changed before: of ${what}`, () =>
      leavesNothing(() => {
        onInputs((inputs) => {
          const hidden = make(inputs);
          hidden.set(new Float32Array(hidden.size).fill(2));
          F.linear(hidden, inputs.next).sum().backward();
          assert.deepEqual(new Set(inputs.next.grad?.dataSync()), new Set([2 * ROWS]));
        });
      }));
  }

  it('notices that what it would be made from was changed', () =>
    leavesNothing(() => {
      onInputs(({ x, next }) => {
        const y = F.linear(F.gelu(x), next).sum();
        x.set(new Float32Array(x.size));
        assert.throws(() => y.backward(), /^Error: Expected what linear saved for backward to be unchanged/);
      });
    }));
});
