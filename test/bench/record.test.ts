import assert from 'node:assert/strict';
import { recordOf } from '../../bench/record.js';
import { withExponents } from '../../bench/sweep.js';
import type { Case } from '../../bench/work.js';

const item: Case = {
  suite: 'infer',
  name: 'a case',
  model: 'Ti/16',
  batch: 8,
  threads: 2,
  work: { kind: 'peak', tiles: 1, flopsPerTile: 1, precision: 'fp32' },
  flops: 4e9,
  bytes: 2e9,
};

const timing = { contender: 'torch', precision: 'fp32', samplesMs: [30, 10, 20], peakBytes: 5 } as const;

describe('a record', () => {
  it('holds what a line of --json shows, in its order', () => {
    assert.deepEqual(Object.entries(recordOf(item, timing, 400, 10)), [
      ['suite', 'infer'],
      ['case', 'a case'],
      ['model', 'Ti/16'],
      ['batch', 8],
      ['threads', 2],
      ['precision', 'fp32'],
      ['medianMs', 20],
      ['minMs', 10],
      ['maxMs', 30],
      ['imagesPerSecond', 400],
      ['gflops', 200],
      ['peakFraction', 0.5],
      ['peakBytes', 5],
      ['contender', 'torch'],
      ['ratio', 2],
      ['gigabytesPerSecond', 100],
      ['exponent', null],
    ]);
  });

  it('has null for what does not apply', () => {
    const { imagesPerSecond, peakFraction, ratio, gigabytesPerSecond } = recordOf(
      { ...item, batch: null, bytes: null },
      timing,
      null,
      null,
    );
    assert.deepEqual([imagesPerSecond, peakFraction, ratio, gigabytesPerSecond], [null, null, null, null]);
  });
});

describe('a sweep', () => {
  it('has an exponent for each contender and axis', () => {
    const cases = [
      ['width', 1],
      ['width', 2],
      ['depth', 1],
      ['depth', 4],
    ].map(([name, value]) => ({ ...item, name: `${name} ${value}`, axis: { name: `${name}`, value: Number(value) } }));
    const records = cases.flatMap((at) => {
      const { value } = at.axis;
      const power = at.axis.name === 'width' ? 2 : 1;
      return [
        recordOf(at, { ...timing, samplesMs: [value ** power] }, null, null),
        recordOf(at, { ...timing, contender: 'vitrine', samplesMs: [7] }, null, null),
      ];
    });
    const exponents = withExponents(cases, records).map(({ exponent }) => Number(exponent?.toFixed(9)));
    assert.deepEqual(exponents, [2, 0, 2, 0, 1, 0, 1, 0]);
  });
});
