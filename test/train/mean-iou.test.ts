import assert from 'node:assert/strict';
import { MeanIoU, tensor } from '../../lib/index.js';

const ints = (values: number[]) => tensor(Int32Array.from(values), [1, 2, values.length / 2]);

describe('MeanIoU', () => {
  it('is over all batches, without pixels that are ignored and classes that are nowhere', async () => {
    const metric = new MeanIoU(4, { ignoreIndex: 255 });
    await metric.update(ints([0, 0, 1, 1]), ints([0, 1, 1, 255]));
    await metric.update(ints([2, 2, 0, 1]), ints([2, 0, 0, 255]));
    // By hand: class 0 2 of 4, class 1 1 of 2, class 2 1 of 2; of class 3 there is nothing.
    const { meanIoU, iouPerClass, meanAccuracy, pixelAccuracy } = metric.compute();
    assert.deepEqual(iouPerClass, [2 / 4, 1 / 2, 1 / 2, Number.NaN]);
    assert.equal(meanIoU, 0.5);
    assert.ok(Math.abs(meanAccuracy - (2 / 3 + 1 / 2 + 1) / 3) < 1e-12);
    assert.equal(pixelAccuracy, 4 / 6);
    metric.reset();
    assert.ok(Number.isNaN(metric.compute().meanIoU));
  });

  it('takes logits, and counts nothing of a batch with a label that is no class', async () => {
    const metric = new MeanIoU(2);
    const logits = tensor([1, 0, 0, 1, 0, 1, 1, 0], [1, 2, 2, 2]); // classes 0 1 1 0
    await assert.rejects(metric.update(logits, ints([0, 1, 1, 2])), /a class from 0 to 1 for a label of MeanIoU but/);
    await metric.update(logits, ints([0, 1, 1, -100]));
    assert.deepEqual(metric.compute().iouPerClass, [1, 1]);
    await assert.rejects(metric.update(ints([0, 0, 0, 0]), ints([0, 0])), TypeError);
  });
});
