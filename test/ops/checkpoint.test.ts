import assert from 'node:assert/strict';
import { autocast, F, info, manualSeed, memory, nn, randint, randn, scope, type Tensor, ViT } from '../../lib/index.js';
import { returnsMemory } from '../native-op.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';

const TINY = { imgSize: 8, patchSize: 4, inChans: 1, numClasses: 3, embedDim: 16, depth: 3, numHeads: 2 };

/** The bits of a result and of every gradient of a model after one backward pass. */
function bits(model: nn.Module, run: () => Tensor): number[][] {
  for (const parameter of model.parameters()) {
    parameter.grad?.dispose();
    parameter.grad = null;
  }
  manualSeed(5);
  return scope(() => {
    const y = run();
    y.sum().backward();
    return [y, ...model.parameters().flatMap((parameter) => parameter.grad ?? [])].map((x) => [...x.dataSync()]);
  });
}

describe('checkpoint', () => {
  returnsMemory();

  it('gives the bits of the plain call, dropout and all', () => {
    const block = new nn.TransformerEncoderLayer(16, 2, { dimFeedforward: 24, dropout: 0.3 });
    const x = randn([2, 5, 16], { requiresGrad: true });
    const plain = bits(block, () => block.forward(x));
    const input = x.grad?.dataSync();
    x.grad?.dispose();
    x.grad = null;
    assert.deepEqual(
      bits(block, () => F.checkpoint((t) => block.forward(t), x)),
      plain,
    );
    assert.deepEqual(x.grad === null ? undefined : (x.grad as Tensor).dataSync(), input);
    for (const item of [block, x]) item.dispose();
  });

  it('is what setGradCheckpointing does to a ViT: the same bits in less memory', () => {
    const model = new ViT({ ...TINY, depth: 8, embedDim: 64, dropPathRate: 0.2 });
    const images = randn([16, 1, 8, 8]);
    const labels = randint(0, 3, [16]);
    const forward = (): Tensor => scope(() => F.crossEntropy(model.forward(images), labels));
    const plain = bits(model, forward);
    const kept = heldByForward(forward);
    model.setGradCheckpointing();
    assert.deepEqual(bits(model, forward), plain);
    assert.ok(heldByForward(forward) < kept / 2, 'less than half of the activations is kept');
    for (const item of [model, images, labels]) item.dispose();
  });

  it('keeps the precision of the forward pass', function () {
    if (!info().bf16.available) this.skip(); // this machine has no bfloat16 products to compare
    const linear = new nn.Linear(32, 32);
    const x = randn([8, 32], { requiresGrad: true });
    const run = (fn: (t: Tensor) => Tensor) => bits(linear, () => autocast('bf16', () => fn(x)));
    const plain = run((t) => linear.forward(t));
    assert.deepEqual(
      run((t) => F.checkpoint((u) => linear.forward(u), t)),
      plain,
    );
    for (const item of [linear, x]) item.dispose();
  });

  it('gives all memory back after backward', () =>
    leavesNothing(() => {
      const x = randn([4, 8], { requiresGrad: true });
      const y = F.checkpoint((t) => F.gelu(F.gelu(t)), x);
      const loss = y.sum();
      loss.backward();
      for (const item of [x, y, loss]) item.dispose();
    }));
});

/** Bytes that a forward pass leaves behind for backward. */
function heldByForward(forward: () => Tensor): number {
  const before = memory().live;
  const loss = forward();
  const held = memory().live - before;
  loss.backward();
  loss.dispose();
  return held;
}
