import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { benchModel } from '../../bench/model.js';
import { feed } from '../../bench/suites/feed.js';
import { childEnvironment } from '../child-environment.js';
import { temporaryDirectory } from '../io/temporary-directory.js';

const main = fileURLToPath(new URL('../../bench/main.js', import.meta.url));

describe('bench feed', function () {
  this.timeout(60_000);
  const at = temporaryDirectory();

  it('has the cases of the bars, cached and not', () => {
    const cases = feed.cases({ threads: 2 }, { cpus: 2, bf16: false });
    assert.deepEqual(
      cases.map(({ name }) => name),
      [
        'cifar 32px batch 128 cached',
        'cifar 32px batch 128 uncached',
        'Ti/16 224px batch 8 cached',
        'Ti/16 224px batch 8 uncached',
      ],
    );
    const [small, , large] = cases.map(({ work }) => (work.kind === 'feed' ? work : undefined));
    assert.deepEqual([small?.photographs.width, small?.strong, small?.cached], [32, false, true]);
    assert.deepEqual([large?.photographs, large?.strong], [{ height: 375, width: 500, channels: 3, count: 64 }, true]);
    const { embedDim: dim, depth } = benchModel('cifar').sizes;
    assert.ok(Math.abs((12 * dim ** 2 * depth) / 1.2e6 - 1) < 0.05, 'about 1.2 M parameters in its blocks');
  });

  it('times steps on JPEGs, and the engine beside them', () => {
    const args = ['feed', '--model', 'tiny', '--batch', '2', '--seconds', '0.01', '--threads', '1', '--json'];
    const env = childEnvironment({ TMPDIR: at('.') });
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', env });
    assert.equal(status, 0, stderr);
    const records = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { case: string; contender: string; imagesPerSecond: number; ratio: number });
    assert.deepEqual(
      records.map((record) => [record.case, record.contender]),
      ['cached', 'uncached'].flatMap((kind) => [
        [`tiny 8px batch 2 ${kind}`, 'vitrine'],
        [`tiny 8px batch 2 ${kind}`, 'engine'],
      ]),
    );
    for (const { imagesPerSecond, ratio } of records) assert.ok(imagesPerSecond > 0 && ratio > 0);
  });
});
