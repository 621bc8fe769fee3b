import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { F, randn, startTrace, stopTrace, writeTrace } from '../../lib/index.js';

describe('a trace', () => {
  it('notes the commands enqueued meanwhile, in their order, and none before or after', () => {
    const x = randn([4, 4]);
    startTrace();
    const y = F.relu(x);
    const z = F.softmax(y);
    const events = stopTrace();
    const w = F.relu(z);
    const names = events.filter((event) => event.thread === 0).map((event) => event.name);
    assert.deepEqual(names, ['activationForward', 'softmaxForward']);
    for (const { start, end } of events) assert.ok(end >= start);
    assert.ok((events[1]?.start ?? 0) >= (events[0]?.end ?? Infinity));
    assert.deepEqual(stopTrace(), []);
    for (const item of [x, y, z, w]) item.dispose();
  });

  it("is written in Chrome's format", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vitrine-trace-'));
    try {
      const path = join(folder, 'trace.json');
      await writeTrace(path, [{ name: 'gelu', thread: 1, start: 1000, end: 1010 }]);
      const { traceEvents } = JSON.parse(readFileSync(path, 'utf8'));
      assert.deepEqual(traceEvents, [
        { ph: 'M', name: 'thread_name', pid: 1, tid: 1, args: { name: 'worker 1' } },
        { ph: 'X', name: 'gelu', pid: 1, tid: 1, ts: 0, dur: 10 },
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
