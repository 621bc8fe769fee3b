import assert from 'node:assert/strict';
import { predict } from '../../bench/predict/prediction.js';
import { fastestProfile, profileOf } from '../../bench/predict/profile.js';
import { loopTime } from '../../bench/predict/schedule.js';
import { predictionText } from '../../bench/predict/text.js';

const FREE = { wake: 0, barrier: 0 };
const equal = (tiles: number, time = 1) => Array.from({ length: tiles }, () => time);

const span = (name: string, ts: number, dur: number, args?: object) => ({
  ph: 'X',
  name,
  pid: 1,
  tid: 0,
  ts,
  dur,
  args,
});

/** A step of two commands: a loop of two ranges, and none. */
const TRACE = JSON.stringify({
  traceEvents: [
    { ph: 'M', name: 'thread_name', pid: 1, tid: 0, args: { name: 'stream' } },
    span('linear', 1, 10, { loop: 0, range: 0, tile: 0 }),
    span('linear', 11.5, 30, { loop: 0, range: 0, tile: 1 }),
    span('linear', 42, 40, { loop: 0, range: 1, tile: 0 }),
    span('linear', 0, 90),
    span('loss', 90, 20),
    span('replay', 0, 110),
  ],
});

describe('the predicted time of a loop', () => {
  it('is the work’s on one thread, and an equal share of it on as many as there are equal tiles', () => {
    assert.equal(loopTime([equal(16)], 1, FREE), 16);
    assert.equal(loopTime([equal(16)], 16, FREE), 1);
    assert.equal(loopTime([equal(16)], 64, FREE), 1);
    assert.equal(loopTime([equal(17)], 16, FREE), 2);
  });

  it('has those that are done help the others, from the back of their share', () => {
    // The first worker's 4 + 1 + 1 + 1; the other takes the last 1, then what is left.
    assert.equal(loopTime([[4, 1, 1, 1, 1, 1, 1, 1]], 2, FREE), 6);
    // The longest tile comes first where it is its worker's own, and last where another takes it from the back.
    assert.equal(loopTime([[1, 1, 1, 8, 1, 1, 1, 1]], 2, FREE), 11);
  });

  it('gives each worker its part of every range', () => {
    assert.equal(loopTime([equal(4, 3), equal(4, 1)], 2, FREE), 8);
    assert.equal(loopTime([equal(2, 3), equal(2, 1)], 2, FREE), 4);
  });

  it('wakes in a tree, no more threads than tiles, and waits once for all', () => {
    const costs = { wake: 10, barrier: 100 };
    assert.equal(loopTime([equal(2, 50)], 64, costs), 10 + 50 + 100);
    assert.equal(loopTime([equal(8, 50)], 64, costs), 3 * 10 + 50 + 100);
    assert.equal(loopTime([equal(1, 50)], 64, costs), 50);
    assert.equal(loopTime([], 64, costs), 0);
  });
});

describe('the profile of a traced step', () => {
  it('has each command’s loops, and what it does besides, without the gaps between tiles', () => {
    assert.deepEqual(profileOf(TRACE), {
      loops: [{ command: 'linear', place: 1, ranges: [[10, 30], [40]] }],
      serial: [
        { command: 'linear', time: 90 - 81 },
        { command: 'loss', time: 20 },
      ],
    });
  });

  it('takes the shortest of each time in several traces', () => {
    const [slowLoop, slowLoss] = [TRACE.replace('"dur":10,', '"dur":10.5,'), TRACE.replace('"dur":20', '"dur":2000')];
    const profile = fastestProfile([slowLoop, slowLoss].map(profileOf));
    assert.deepEqual(profile, profileOf(TRACE));
  });
});

describe('a prediction', () => {
  it('sums loops and serial parts, and names what is lost to each', () => {
    const { time, oneThread, limits } = predict(profileOf(TRACE), 2, FREE);
    assert.equal(oneThread, 80 + 29);
    assert.equal(time, 50 + 29);
    assert.deepEqual(limits, [
      { name: 'linear, loop 1 of 2 + 1 tiles', count: 1, lost: 10 },
      { name: 'loss, outside of loops', count: 1, lost: 10 },
      { name: 'linear, outside of loops', count: 1, lost: 4.5 },
    ]);
  });

  it('is told beside what two threads really take', () => {
    const predictions = [2, 16].map((threads) => predict(profileOf(TRACE), threads, FREE));
    const text = predictionText({
      ...{ case: 'train', costs: FREE, predictions },
      ...{ oneThreadMs: 0.11, twoThreadsMs: 0.1, traces: 7 },
    });
    assert.deepEqual(text.split('\n').slice(0, 7), [
      'train',
      'from 7 traced steps of one thread',
      'threads    ms  times as fast  of ideal',
      '1        0.11           1.00      100%',
      '2        0.08           1.38       69%',
      '16       0.07           1.58       10%',
      'one thread really takes 0.11 ms, two 0.10: 1.10 times as fast, predicted 1.38 (+25%)',
    ]);
    assert.match(text, /^what 16 threads lose, /m);
  });
});
