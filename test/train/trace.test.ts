import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background, F, ones, randn, scope, startTrace, stopTrace, writeTrace } from '../../lib/index.js';

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

  it('notes what is enqueued next though the background has work, and not that', () =>
    scope(() => {
      const x = randn([512, 512]);
      background(() => {
        for (let i = 0; i < 5; i++) x.matmul(x);
      });
      startTrace();
      F.relu(x);
      const names = stopTrace().filter(({ thread }) => thread === 0);
      assert.deepEqual(
        names.map(({ name }) => name),
        ['activationForward'],
      );
    }));

  it('notes every tile of every loop where they are asked for', () => {
    const x = ones([4, 16 * 1024]);
    startTrace({ tiles: true });
    const y = F.relu(x);
    const z = F.relu(y);
    const events = stopTrace();
    const tiles = events.filter(({ loop }) => loop !== undefined);
    assert.deepEqual([...new Set(tiles.map(({ loop }) => loop))].sort(), [0, 1]);
    for (const loop of [0, 1]) {
      const own = tiles.filter((event) => event.loop === loop);
      assert.deepEqual(own.map(({ tile }) => tile).sort(), [0, 1, 2, 3]);
      assert.ok(own.every(({ name, range }) => name === 'activationForward' && range === 0));
    }
    assert.equal(events.length - tiles.length, 2, 'and the commands');
    for (const item of [x, y, z]) item.dispose();
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
