import assert from 'node:assert/strict';
import { F, fence, scope, type Tensor, zeros } from '../../lib/index.js';
import { returnsMemory } from '../native-op.js';

/** More than any loop comes to the end of. */
const H = 1e15;
/** Two such axes hold all that 63 bits count. */
const S = 3e9;

type Run = (...operands: Tensor[]) => Tensor;

// Without the options that TypeScript would take a further operand for.
const softmax = (x: Tensor): Tensor => F.softmax(x);
const matmul = (a: Tensor, b: Tensor): Tensor => F.matmul(a, b);
const linear = (x: Tensor, weight: Tensor): Tensor => F.linear(x, weight);
const attention = (q: Tensor, k: Tensor, v: Tensor): Tensor => F.attention(q, k, v);
const conv2d = (x: Tensor, weight: Tensor): Tensor => F.conv2d(x, weight);
const patchEmbed = (x: Tensor, weight: Tensor): Tensor => F.patchEmbed(x, weight);

/** Ops, with shapes of operands that leave them nothing, or nothing but zeros, to compute. */
const CASES: [string, Run, ...(readonly number[])[]][] = [
  ['add', F.add, [H, 0], [H, 0]],
  ['add', F.add, [S, S, 0], [1, 1]],
  ['mul', F.mul, [0, S, S], [1, 1, 1]],
  ['mul by a number', (x) => x.mul(2), [H, 0]],
  ['gelu', (x) => F.gelu(x), [H, 0]],
  ['relu', F.relu, [0, S, S]],
  ['tanh', F.tanh, [S, 0, S]],
  ['softmax', softmax, [0, H]],
  ['softmax', softmax, [S, 0, S]],
  ['sum', (x) => x.sum(), [H, 0]],
  ['sum', (x) => x.sum(), [S, 0, S]],
  ['sum', (x) => F.sum(x, { dim: [0, 2] }), [H, 3, 0]],
  ['mean', (x) => x.mean(), [0, S, S]],
  ['matmul', matmul, [H, 0], [0, 0]],
  ['matmul', matmul, [0, H], [H, 0]],
  ['matmul, shared right', matmul, [H, 0, 4], [4, 5]],
  ['matmul, shared right', matmul, [0, S, S], [S, 0]],
  ['matmul', matmul, [S, S, 0, 4], [S, S, 4, 0]],
  ['matmul, no depth', matmul, [2, 0], [0, 3]],
  ['linear', linear, [H, 0], [0, 0]],
  ['linear', linear, [0, H], [0, H]],
  ['linear', linear, [H, 0, 4], [5, 4]],
  ['linear, no depth', linear, [3, 0], [4, 0]],
  ['linear with gelu', (x, w) => F.linear(x, w, undefined, { activation: 'gelu' }), [H, 0], [0, 0]],
  ['layerNorm', (x) => F.layerNorm(x), [0, H]],
  ['layerNorm', (x) => F.layerNorm(x), [H, 0, 8]],
  ['layerNorm', (x, w, b) => F.layerNorm(x, w, b), [H, 0, 8], [8], [8]],
  ['attention, no head', attention, [H, 0, 4, 8], [H, 0, 4, 8], [H, 0, 4, 8]],
  ['attention, no sample', attention, [0, H, 4, 8], [0, H, 4, 8], [0, H, 4, 8]],
  ['attention, no token', attention, [S, S, 0, 8], [S, S, 0, 8], [S, S, 0, 8]],
  ['attention, no width', attention, [1, 2, 3, 0], [1, 2, H, 0], [1, 2, H, 0]],
  ['attention, no query', attention, [1, 2, 0, 4], [1, 2, 3, 4], [1, 2, 3, 4]],
  ['attentionQkv', (qkv) => F.attentionQkv(qkv, 2), [H, 0, 12]],
  ['attentionQkv', (qkv) => F.attentionQkv(qkv, 2), [0, H, 12]],
  ['conv2d, no image', conv2d, [0, 3, S, S], [4, 3, 3, 3]],
  ['conv2d, no channels', conv2d, [H, 0, 4, 4], [0, 0, 3, 3]],
  ['conv2d, no output', conv2d, [2, 3, 5, 5], [0, 3, 3, 3]],
  ['conv2d of patches', (x, w) => F.conv2d(x, w, undefined, { stride: 4 }), [0, 3, S, 8], [5, 3, 4, 4]],
  ['conv2d, padded', (x, w) => F.conv2d(x, w, undefined, { padding: 1e9 }), [2, 3, 4, 4], [0, 3, 3, 3]],
  ['patchEmbed', patchEmbed, [0, 3, H, 4], [5, 3, 4, 4]],
  ['patchEmbed', patchEmbed, [H, 0, 4, 4], [0, 0, 4, 4]],
  ['maxPool2d', (x) => F.maxPool2d(x, { kernelSize: 3 }), [0, H, 40_000, 40_000]],
  ['maxPool2d', (x) => F.maxPool2d(x, { kernelSize: 3 }), [H, 0, 4, 4]],
  ['maxPool2d by a huge window', (x) => F.maxPool2d(x, { kernelSize: 2e9, padding: 1e9, stride: 2e9 }), [1, 1, 2, 2]],
  ['interpolate', (x) => F.interpolate(x, { size: 9, mode: 'bilinear' }), [0, H, 40_000, 40_000]],
  ['interpolate', (x) => F.interpolate(x, { size: 9 }), [H, 0, 4, 4]],
  ['unfold', (x) => F.unfold(x, { kernelSize: 2 }), [0, 3, S, 8]],
  ['unfold', (x) => F.unfold(x, { kernelSize: 2 }), [H, 0, 4, 4]],
  ['groupNorm', (x) => F.groupNorm(x, 2), [0, 4, S, 3]],
  ['cat', (a, b) => F.cat([a, b], 1), [H, 0], [H, 0]],
  ['slice', (x) => F.slice(x, 0, 1, H - 1), [H, 0]],
  ['transpose', (x) => F.transpose(x, 0, 1), [H, 0, 3]],
  ['permute', (x) => F.permute(x, [2, 0, 1]), [S, S, 0]],
  ['tile', (x) => F.tile(x, [1000, 1]), [H / 1000, 0]],
  ['pad', (x) => F.pad(x, [0, 0, 1, 1]), [0, H]],
  ['dropout', (x) => F.dropout(x, 0.5), [H, 0]],
  ['dropPath', (x) => F.dropPath(x, 0.5), [0, H]],
  ['crossEntropy', (x) => F.crossEntropy(x, zeros([0], { dtype: 'int32' })), [0, H]],
  ['embedding, no index', (table) => F.embedding(zeros([0], { dtype: 'int32' }), table), [H, 0]],
];

describe('an op with nothing to compute', () => {
  returnsMemory();

  for (const [name, run, ...shapes] of CASES) {
    it(`takes no time, forward and backward: ${name} of ${shapes.map((shape) => `(${shape})`).join(' ')}`, async () => {
      const operands = scope(() => {
        const leaves = shapes.map((shape) => zeros(shape, { requiresGrad: true }));
        const y = run(...leaves);
        y.backward(zeros(y.shape));
        return leaves;
      });
      // In a promise, so that a loop without end is told by mocha's time limit.
      await fence();
      for (const operand of operands) {
        assert.ok(operand.grad?.dataSync().every((value) => value === 0 || Number.isNaN(value)));
        operand.dispose();
      }
    }).timeout(20_000);
  }
});
