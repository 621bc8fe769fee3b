import assert from 'node:assert/strict';
import { liveText, progressDisplay } from '../../lib/cli/progress.js';
import type { EpochRecord } from '../../lib/train/epoch-record.js';
import type { Progress } from '../../lib/train/trainer-options.js';

const progress: Progress = {
  epoch: 11, // the twelfth
  epochs: 60,
  step: 3,
  stepsPerEpoch: 23,
  loss: 0.12345,
  accuracy: 0.9712,
  imagesPerSecond: 14_321.4,
  secondsLeft: 3.21,
};

/** Of the epoch that people count as this one. */
function record(epoch: number): EpochRecord {
  return {
    epoch: epoch - 1,
    trainLoss: 1 / epoch,
    trainAccuracy: 0.5,
    testLoss: 0.25,
    testAccuracy: 0.75,
    learningRate: 0.1,
    seconds: 0.1,
    imagesPerSecond: 1000,
  };
}

/** An output that remembers, and a clock that is set by hand. */
function recorder(isTTY: boolean, columns?: number) {
  const written: string[] = [];
  const clock = { now: 1000 };
  const output = { isTTY, ...(columns !== undefined && { columns }), write: (text: string) => written.push(text) };
  return { written, clock, output };
}

describe('the live line', () => {
  it('tells epoch, loss, accuracy, speed and time left', () => {
    assert.equal(
      liveText(progress, 0.98, 100),
      'epoch 12/60  loss 0.1235  accuracy 97.1%  test 98.0%  14,321 images/s  3.2 s left',
    );
  });

  it('tells the same in 60 columns', () => {
    const text = liveText(progress, 0.98, 59);
    assert.equal(text, 'epoch 12/60  loss 0.123  acc 97.1%  14,321/s  3.2s left');
  });

  it('never is wider than asked', () => {
    for (let width = 0; width <= 120; width++) assert.ok(liveText(progress, 0.98, width).length <= width);
    const long = { ...progress, epoch: 999, epochs: 1000, loss: 12_345.678, secondsLeft: 1e6, imagesPerSecond: 1e6 };
    assert.ok(liveText(long, undefined, 59).length <= 59);
  });

  it('is drawn in place, at most ten times a second, and goes away at the end', () => {
    const { written, clock, output } = recorder(true, 60);
    const display = progressDisplay(output, 60, () => clock.now);
    for (; clock.now < 1250; clock.now += 10) display.step(progress);
    display.epoch(record(12));
    display.end();
    assert.equal(written.length, 4);
    for (const text of written) {
      assert.ok(text.startsWith('\r\x1b[2K'));
      assert.ok(!text.includes('\n'));
    }
    assert.equal(written[3], '\r\x1b[2K');
  });
});

describe('plain progress', () => {
  it('writes a line an epoch when there are few', () => {
    const { written, clock, output } = recorder(false);
    const display = progressDisplay(output, 2, () => clock.now);
    display.step(progress);
    display.epoch(record(1));
    display.epoch(record(2));
    display.end();
    assert.deepEqual(written, [
      'epoch 1/2: loss 1.0000, accuracy 50.0%, test loss 0.2500, test accuracy 75.0%, 1,000 images/s, 3.2 s left\n',
      'epoch 2/2: loss 0.5000, accuracy 50.0%, test loss 0.2500, test accuracy 75.0%, 1,000 images/s\n',
    ]);
  });

  it('writes about twenty lines when there are many, the first and the last among them', () => {
    const { written, clock, output } = recorder(false);
    const display = progressDisplay(output, 1001, () => clock.now);
    for (let epoch = 1; epoch <= 1001; epoch++) display.epoch(record(epoch));
    assert.ok(written.length <= 22);
    assert.match(written[0] ?? '', /^epoch 1\/1001:/);
    assert.match(written.at(-1) ?? '', /^epoch 1001\/1001:/);
  });

  it('is not silent through a long epoch', () => {
    const { written, clock, output } = recorder(false);
    const display = progressDisplay(output, 60, () => clock.now);
    display.step(progress);
    clock.now += 31_000;
    display.step(progress);
    display.step(progress);
    assert.deepEqual(written, ['epoch 12/60, step 3/23: loss 0.1235, accuracy 97.1%, 14,321 images/s, 3.2 s left\n']);
  });
});
