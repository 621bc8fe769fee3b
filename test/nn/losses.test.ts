import assert from 'node:assert/strict';
import { F, grad, nn, rand, randint, randn, scope, type Tensor, tensor } from '../../lib/index.js';
import { assertSameBits, returnsMemory } from '../native-op.js';
import { rounded } from '../ops/rounded.js';

describe('nn.CrossEntropyLoss', () => {
  returnsMemory();

  it('is F.crossEntropy with its options', () => {
    scope(() => {
      const [logits, labels] = [randn([7, 5]), randint(0, 5, [7])];
      for (const options of [{}, { reduction: 'none', labelSmoothing: 0.1 }, { ignoreIndex: 3 }] as const) {
        const loss = new nn.CrossEntropyLoss(options).forward(logits, labels);
        assertSameBits(loss, F.crossEntropy(logits, labels, options), JSON.stringify(options));
      }
    });
  });
});

describe('losses of bfloat16', () => {
  returnsMemory();

  const LOSSES: [name: string, loss: (input: Tensor, target: Tensor) => Tensor][] = [
    ['mseLoss', F.mseLoss],
    ['l1Loss', F.l1Loss],
    ['smoothL1Loss', (x, t) => F.smoothL1Loss(x, t, { beta: 0.3 })],
    ['huberLoss', (x, t) => F.huberLoss(x, t, { delta: 0.7 })],
    ['binaryCrossEntropyWithLogits', F.binaryCrossEntropyWithLogits],
    ['klDiv', F.klDiv],
    ['klDiv of logarithms', (x, t) => F.klDiv(x, t, { logTarget: true })],
    ['crossEntropy of probabilities', (x, t) => F.crossEntropy(x, t.detach().float())],
  ];

  for (const [name, loss] of LOSSES) {
    it(`are those of the same numbers in float32, and gradients are rounded once: ${name}`, () => {
      scope(() => {
        const [input, target] = [randn([9, 7]).bfloat16(), rand([9, 7]).bfloat16()];
        const run = (...of: [Tensor, Tensor]): Tensor[] => {
          const [x, t] = of.map((each) => each.detach()) as [Tensor, Tensor];
          x.requiresGrad = true;
          const y = loss(x, t);
          return [y, ...grad(y, [x])];
        };
        const [y, dx] = run(input, target) as [Tensor, Tensor];
        const [expected, wide] = run(input.float(), target.float()) as [Tensor, Tensor];
        assertSameBits(y, expected, name);
        assert.equal(dx.dtype, 'bfloat16');
        assert.deepEqual([...dx.dataSync()], [...wide.dataSync()].map(rounded));
      });
    });
  }

  it('leave a gradient where the model is sure', () => {
    scope(() => {
      const logits = tensor([8, -8], undefined, { dtype: 'bfloat16', requiresGrad: true });
      const loss = F.binaryCrossEntropyWithLogits(logits, tensor([1, 0]), { reduction: 'sum' });
      const [gradient] = grad(loss, [logits]) as [Tensor];
      const expected = 1 / (1 + Math.exp(8)); // of parts in bfloat16, 1 - 0.9997, it was 0
      for (const [i, value] of gradient.dataSync().entries()) {
        assert.ok(Math.abs(Math.abs(value) - expected) < expected * 2 ** -8, `${value} at ${i}`);
      }
    });
  });
});
