import assert from 'node:assert/strict';
import { table } from '../../bench/table.js';
import { record } from './fixture.js';

const both = [record(), record({ contender: 'torch-tuned', medianMs: 252.4, ratio: 1.58 })];

describe('the table of a run', () => {
  it('has the columns that its records fill', () => {
    const lines = table(both, 200).split('\n');
    assert.deepEqual(lines[0]?.split(/ {2,}/), [
      'case',
      'contender',
      'ms',
      'min',
      'max',
      'img/s',
      'GFLOP/s',
      'peak',
      'memory',
      'times',
    ]);
    assert.deepEqual(lines[2]?.trim().split(/ {2,}/).slice(0, 2), ['torch-tuned', '252']);
  });

  it('tells a case once, and no contender where there is one', () => {
    assert.equal(table(both, 200).match(/Ti\/16/g)?.length, 1);
    assert.doesNotMatch(table([record()], 200), /vitrine|times/);
  });

  for (const width of [120, 80, 50]) {
    it(`fits ${width} columns and stays aligned`, () => {
      const lines = table(
        [...both, record({ case: 'a case with quite a long name indeed', ratio: 12.5 })],
        width,
      ).split('\n');
      for (const line of lines) assert.ok(line.length <= width, `${line.length}: ${line}`);
      assert.equal(new Set(lines.map((line) => line.length)).size, 1);
    });
  }
});
