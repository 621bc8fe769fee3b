import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Contender } from '../../bench/contenders.js';
import { Runner } from '../../bench/runner.js';
import type { Case } from '../../bench/work.js';

// Notes each request in a file that all contenders share.
const SCRIPT = `
  const { appendFileSync } = require('node:fs');
  const [name, log, ms] = process.argv.slice(1);
  const GFLOPS = { slow: 51, fast: 190, usual: 95 };
  const send = (answer) => process.stdout.write(JSON.stringify(answer) + '\\n');
  if (name === 'absent') { send({ unavailable: 'it is not there' }); process.exit(); }
  send({ ready: name + ' 1.0' });
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const request = JSON.parse(line);
    if ('work' in request && name === 'broken') return send({ error: 'no such op' });
    if ('work' in request && name === 'dying') { console.error('out of luck'); process.exit(3); }
    appendFileSync(log, name + ' ' + Object.keys(request)[0] + '\\n');
    send('work' in request ? { prepared: true } : 'seconds' in request ? { samplesMs: [Number(ms)] } : { peakBytes: 64, ownGflops: GFLOPS[name] });
  });`;

const item: Case = {
  suite: 'train',
  name: 'a case',
  model: null,
  batch: 4,
  threads: 1,
  work: {
    kind: 'train',
    batch: 4,
    model: { imgSize: 8, patchSize: 4, inChans: 1, numClasses: 2, embedDim: 8, depth: 1, numHeads: 1, mlpRatio: 4 },
  },
  flops: 1e6,
  bytes: null,
};

describe('a run of contenders', () => {
  let folder = '';
  let skipped: string[] = [];
  let doubts: string[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vitrine-runner-'));
    skipped = [];
    doubts = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const contender = (name: string, ms = 1): Contender => ({
    name,
    precision: 'fp32',
    runs: (work) => name !== 'other' || work.kind !== 'train',
    startsFast: false,
    command: () => ({ file: process.execPath, args: ['-e', SCRIPT, name, join(folder, 'log'), String(ms)] }),
    advice: 'Install it.',
  });
  const runner = (...contenders: Contender[]): Runner =>
    new Runner(contenders, 0, () => Promise.resolve(100), {
      onSkip: (sentence) => skipped.push(sentence),
      onDoubt: (sentence) => doubts.push(sentence),
      onProgress: () => undefined,
    });

  it('lets them take turns, in processes of their own', async () => {
    const records = await runner(contender('first', 2), contender('second', 6)).run(item);
    const turns = readFileSync(join(folder, 'log'), 'utf8').trim().split('\n');
    const rounds = Array.from({ length: 5 }, () => ['first seconds', 'second seconds']).flat();
    assert.deepEqual(turns, ['first work', 'second work', ...rounds, 'first end', 'second end']);
    assert.deepEqual(
      records.map(({ contender, medianMs, ratio, peakBytes }) => [contender, medianMs, ratio, peakBytes]),
      [
        ['first', 2, 1, 64],
        ['second', 6, 3, 64],
      ],
    );
  });

  it('names who is not installed, once, and goes on', async () => {
    const running = runner(contender('first'), contender('absent'));
    for (let i = 0; i < 2; i++) assert.equal((await running.run(item)).length, 1);
    assert.deepEqual(skipped, ['absent: skipped, it is not there. Install it.']);
    assert.deepEqual([...running.versions], [['first', 'first 1.0']]);
  });

  it('names who cannot be started', async () => {
    const lost = { ...contender('lost'), command: () => ({ file: join(folder, 'nothing'), args: [] }) };
    assert.equal((await runner(contender('first'), lost).run(item)).length, 1);
    assert.match(skipped.join(), /^lost: skipped, spawn .*nothing ENOENT\. Install it\.$/);
  });

  it('leaves out who fails on a case, with what it said', async () => {
    await runner(contender('first'), contender('broken'), contender('dying')).run(item);
    assert.deepEqual(skipped, ['broken: skipped for a case, no such op.', 'dying: skipped for a case, out of luck.']);
  });

  it('leaves out who has no such step', async () => {
    assert.equal((await runner(contender('first'), contender('other')).run(item)).length, 1);
    assert.deepEqual(skipped, []);
  });

  it('says whose process the machine gave much less than the peak, or more', async () => {
    await runner(contender('usual'), contender('slow'), contender('fast'), contender('mute')).run(item);
    assert.deepEqual(doubts, [
      "a case: the machine gave slow's process 51% of the peak of this run, on registers alone. Time it again.",
      "a case: fast's process reached 1.9 times the peak of this run, on registers alone; shares of that peak mean little. Run it again.",
    ]);
  });

  it('fails when the first one does', async () => {
    await assert.rejects(runner(contender('broken'), contender('second')).run(item), /no such op/);
  });
});
