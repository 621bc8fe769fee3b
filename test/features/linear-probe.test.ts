import assert from 'node:assert/strict';
import { features, randn, scope, ViT } from '../../lib/index.js';
import { returnsMemory } from '../native-op.js';
import { generator, uniform } from '../reference/random.js';
import { sanitized } from '../sanitized.js';

const CONFIG = { imgSize: 8, patchSize: 4, inChans: 1, embedDim: 8, depth: 1, numHeads: 2, numClasses: 5 };

/** Vectors far from 0 on either side of a plane, which numbers of little deviation tell, with their sides. */
function planes(count: number, seed: number): features.FeatureSet & { labels: Int32Array } {
  const drawn = uniform([count, 8], generator(seed), -1, 1).data;
  const values = Float32Array.from(drawn, (value, i) => (i % 8 === 0 ? 0.01 * value + 3 : value));
  const labels = Int32Array.from({ length: count }, (_, i) => Number(drawn[8 * i] > 0));
  return { values, labels, count, width: 8, classes: ['left', 'right'] };
}

describe('a linear probe', () => {
  returnsMemory();

  it('finds the plane between two classes, whatever the scale of what tells them', async () => {
    const [train, test] = [planes(300, 1), planes(100, 2)];
    const epochs = sanitized ? 5 : 100; // under a sanitizer, too few to find it
    const probe = await features.linearProbe(train, test, { epochs, batchSize: 50, lr: 0.05 });
    assert.ok((probe.evaluation?.accuracy ?? 0) > (sanitized ? 0 : 0.95), `accuracy ${probe.evaluation?.accuracy}`);
    assert.deepEqual([probe.numClasses, probe.width, probe.training.history.length], [2, 8, epochs]);
    // Its weights are of the features as they are.
    const right = [...test.labels].filter((label, i) => {
      const logits = [0, 1].map((c) =>
        probe.weight.subarray(8 * c, 8 * c + 8).reduce((sum, w, d) => sum + w * test.values[8 * i + d], probe.bias[c]),
      );
      return Number(logits[1] > logits[0]) === label;
    });
    assert.equal(right.length / test.count, probe.evaluation?.accuracy);
  });

  for (const pool of ['head', 'cls', 'mean'] as const) {
    it(`becomes the classifier of a model: ${pool}`, async () => {
      using model = new ViT(CONFIG);
      const probe = { ...(await features.linearProbe(planes(20, 3), undefined, { epochs: 2 })) };
      scope(() => {
        const x = randn([2, 1, 8, 8]);
        const values = model.features(x, { pool }).dataSync();
        features.attachProbe(model, probe, pool);
        const logits = model.forward(x).dataSync();
        for (let c = 0; c < 2; c++) {
          let logit = probe.bias[c];
          for (let d = 0; d < 8; d++) logit += probe.weight[8 * c + d] * values[d];
          assert.ok(Math.abs(logits[c] - logit) < 1e-4 * Math.max(1, Math.abs(logit)), `${logits[c]} is ${logit}`);
        }
      });
      assert.equal(model.config.numClasses, 2);
    });
  }

  it('refuses other widths, and labels that there are none of', async () => {
    using model = new ViT({ ...CONFIG, embedDim: 16 });
    const train = planes(20, 4);
    const probe = await features.linearProbe(train, undefined, { epochs: 1 });
    assert.throws(() => features.attachProbe(model, probe), /a probe of 16 numbers .+ one of 8/);
    const test = { ...planes(4, 5), labels: Int32Array.of(0, 1, 2, 0) };
    await assert.rejects(features.linearProbe(train, test, { epochs: 1 }), /from 0 to 1 .+ received 2/);
  });
});
