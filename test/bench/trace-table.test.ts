import assert from 'node:assert/strict';
import { traceTable } from '../../bench/trace-table.js';

const span = (name: string, dur: number, tid = 0) => ({ ph: 'X', name, pid: 1, tid, ts: 0, dur });

describe('the table of a trace', () => {
  it('sums the stream’s commands, most costly first, without what only covers or helps them', () => {
    const traceEvents = [
      { ph: 'M', name: 'thread_name', pid: 1, tid: 0, args: { name: 'stream' } },
      span('replay', 4000),
      span('add', 1000),
      span('linearForward', 1000),
      span('linearForward', 2000),
      span('linearForward', 900, 1),
    ];
    assert.deepEqual(traceTable(JSON.stringify({ traceEvents })).split('\n'), [
      'command        calls     ms  share',
      'linearForward      2  3.000    75%',
      'add                1  1.000    25%',
    ]);
  });
});
