import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { childEnvironment } from '../child-environment.js';
import { sanitized } from '../sanitized.js';
import { programPath } from './run-program.js';

// AddressSanitizer (see `npm run sanitize`) reserves more address space than these limits leave.

describe('a process that may not have all the threads it asks for', () => {
  before(function () {
    if (sanitized || process.platform !== 'linux') this.skip();
  });

  it('runs on fewer, with one warning', () => {
    // 64 stacks of 256 MiB do not fit 12 GB.
    const limits = 'ulimit -s 262144 && ulimit -v 12000000 && exec "$0" "$1"';
    const { status, stdout, stderr } = spawnSync('sh', ['-c', limits, process.execPath, programPath('start')], {
      env: childEnvironment({ VITRINE_THREADS: '64' }),
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    const { threads } = JSON.parse(stdout) as { threads: number };
    assert.ok(threads >= 1 && threads < 64, `${threads} threads`);
    assert.match(stderr, /VitrineWarning: Expected 64 threads but the system started \d+: work takes longer\. Raise /);
    assert.equal(stderr.match(/VitrineWarning/g)?.length, 1, stderr);
    assert.ok(stderr.includes(`started ${threads}:`), stderr);
  });
});
