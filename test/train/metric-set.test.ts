import assert from 'node:assert/strict';
import { evaluate, type MetricChoice } from '../../lib/index.js';
import { rankingAuc } from '../../lib/train/auc.js';
import { computeMetrics, type MetricValue } from '../../lib/train/metric-set.js';
import { generator } from '../reference/random.js';
import { textures, tinyViT } from './tiny-problem.js';

const near = (actual: MetricValue, expected: number, what = ''): void =>
  assert.ok(Math.abs((actual as number) - expected) < 1e-12, `${what} ${String(actual)}, expected ${expected}`);

/** scikit-learn 1.x on labels 0 0 1 1 2 2 and predictions 0 1 1 1 2 0, by hand. */
const outcome = {
  labels: Int32Array.of(0, 0, 1, 1, 2, 2),
  predictions: Int32Array.of(0, 1, 1, 1, 2, 0),
  probabilities: Float32Array.from(
    [
      [0.5, 0.25, 0.25],
      [0.25, 0.5, 0.25],
      [0.125, 0.75, 0.125],
      [0.25, 0.5, 0.25],
      [0.125, 0.125, 0.75],
      [0.5, 0.25, 0.25],
    ].flat(),
  ),
  classes: 3,
};

describe('metrics', () => {
  it("of classes are scikit-learn's", async () => {
    const names = [
      'precisionPerClass',
      'recallPerClass',
      'f1PerClass',
      'confusionMatrix',
      'precision',
      'recall',
      'f1',
    ] as const;
    const values = await computeMetrics(names, outcome);
    assert.deepEqual(values.precisionPerClass, [1 / 2, 2 / 3, 1]);
    assert.deepEqual(values.recallPerClass, [1 / 2, 1, 1 / 2]);
    assert.deepEqual(values.f1PerClass, [1 / 2, 4 / 5, 2 / 3]);
    assert.deepEqual(values.confusionMatrix, [
      [1, 1, 0],
      [0, 2, 0],
      [1, 0, 1],
    ]);
    near(values.precision, (1 / 2 + 2 / 3 + 1) / 3);
    near(values.recall, 2 / 3);
    near(values.f1, (1 / 2 + 4 / 5 + 2 / 3) / 3);
  });

  it('are 0 of classes that are not there', async () => {
    const none = {
      labels: Int32Array.of(0),
      predictions: Int32Array.of(0),
      probabilities: Float32Array.of(1, 0),
      classes: 2,
    };
    const { precisionPerClass, recallPerClass, f1PerClass } = await computeMetrics(
      ['precisionPerClass', 'recallPerClass', 'f1PerClass'],
      none,
    );
    assert.deepEqual(
      [precisionPerClass, recallPerClass, f1PerClass],
      [
        [1, 0],
        [1, 0],
        [1, 0],
      ],
    );
  });

  it('count the likeliest class, or five, and no NaN', async () => {
    const random = generator(1);
    const classes = 9;
    const probabilities = Float32Array.from({ length: 40 * classes }, () => random());
    probabilities[0] = Number.NaN; // of the first image, of its class
    const labels = Int32Array.from({ length: 40 }, (_, i) => i % classes);
    const rows = Array.from(labels, (_, i) => [...probabilities.subarray(i * classes, (i + 1) * classes)]);
    const ranks = rows.map((row, i) => row.filter((value) => value > row[labels[i]]).length);
    const five = ranks.filter((rank, i) => i > 0 && rank < 5).length;
    const predictions = Int32Array.from(rows, (row, i) => (i === 0 ? -1 : row.indexOf(Math.max(...row))));
    const { top1, top5 } = await computeMetrics(['top1', 'top5'], { labels, predictions, probabilities, classes });
    near(top1, ranks.filter((rank, i) => i > 0 && rank === 0).length / 40);
    near(top5, five / 40);
  });

  it('of rankings are the share of pairs in order, ties a half', async () => {
    const random = generator(2);
    const scores = Float64Array.from({ length: 60 }, () => Math.floor(random() * 12));
    const isPositive = Uint8Array.from({ length: 60 }, () => (random() < 0.3 ? 1 : 0));
    let [pairs, inOrder] = [0, 0];
    for (let i = 0; i < 60; i++) {
      for (let j = 0; j < 60; j++) {
        if (isPositive[i] === 0 || isPositive[j] === 1) continue;
        pairs++;
        inOrder += scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0;
      }
    }
    near(rankingAuc(scores, isPositive), inOrder / pairs);
    assert.ok(Number.isNaN(rankingAuc(Float64Array.of(1, 2), Uint8Array.of(1, 1))));
    const { auc, aucPerClass } = await computeMetrics(['auc', 'aucPerClass'], outcome);
    near(auc, (aucPerClass as number[]).reduce((sum, value) => sum + value, 0) / 3);
  });

  it('come with an evaluation, those of the user too, and are checked', async () => {
    using model = tinyViT();
    const own = { name: 'images', compute: ({ labels }: { labels: Int32Array }) => labels.length };
    const { metrics, accuracy } = await evaluate(model, textures(10), { metrics: ['top1', own] });
    assert.deepEqual(metrics, { top1: accuracy, images: 10 });
    const cases: [unknown, RegExp][] = [
      [['top2'], /Expected one of 'top1', .+ for evaluate metrics but received 'top2'/],
      [['top1', 'top1'], /Expected each metric once/],
      [[{ name: 'x' }], /Expected the name of a metric, or \{ name, compute \}/],
      ['top1', /Expected an array of metrics/],
    ];
    for (const [given, message] of cases) {
      await assert.rejects(evaluate(model, textures(4), { metrics: given as MetricChoice[] }), message);
    }
  });
});
