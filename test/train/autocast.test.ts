import assert from 'node:assert/strict';
import { autocast, F, fence, memory, optim, scope, setThreads, Trainer, tensor } from '../../lib/index.js';
import { parameterHash, textures, tinyViT } from './tiny-problem.js';

const TRAIN = textures(32);
// Wide enough that attention is on bfloat16: 65 tokens.
const sizes = { patchSize: 1, embedDim: 32, numHeads: 2 } as const;

/** The bits of the weights after some steps in bfloat16. */
async function trained(options: {
  capture?: boolean;
  gradCheckpointing?: boolean;
  dropRate?: number;
}): Promise<string> {
  const { dropRate = 0, ...rest } = options;
  using model = tinyViT({ ...sizes, projDropRate: dropRate, dropPathRate: dropRate });
  using optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3 });
  const trainer = new Trainer({ model, optimizer, train: TRAIN, batchSize: 8, epochs: 1, precision: 'bf16', ...rest });
  await trainer.fit();
  return parameterHash(model);
}

describe('training in bf16', () => {
  it('leaves the same bits replayed, op by op, and with activations computed again', async () => {
    const once = await trained({});
    assert.equal(await trained({ capture: false }), once);
    assert.equal(await trained({ gradCheckpointing: true }), once);
  });

  it('does so with dropout and dropped paths', async () => {
    const once = await trained({ dropRate: 0.2 });
    assert.equal(await trained({ dropRate: 0.2, gradCheckpointing: true, capture: false }), once);
  });

  it('leaves the same bits on one and on two threads', async () => {
    const hashes: string[] = [];
    for (const threads of [1, 2]) {
      setThreads(threads);
      hashes.push(await trained({}));
    }
    assert.equal(hashes[0], hashes[1]);
  });

  it('holds less between forward and backward, and gives logits and gradients of float32', async () => {
    using model = tinyViT({ ...sizes, embedDim: 64, depth: 4 });
    const images = tensor(TRAIN.images.slice(0, 8 * 64), [8, 1, 8, 8]);
    const held = async (precision: 'fp32' | 'bf16'): Promise<number> => {
      await fence();
      const before = memory().live;
      const logits = autocast(precision, () => model.forward(images));
      assert.equal(logits.dtype, 'float32');
      const after = memory().live;
      scope(() => F.crossEntropy(logits, tensor(TRAIN.labels.slice(0, 8))).backward());
      for (const parameter of model.parameters()) {
        assert.equal(parameter.grad?.dtype, 'float32');
        parameter.grad = null;
      }
      logits.dispose();
      return after - before;
    };
    const [half, whole] = [await held('bf16'), await held('fp32')];
    assert.ok(half < 0.7 * whole, `${half} bytes and ${whole}`);
    images.dispose();
  });
});
