import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { info } from '../lib/index.js';
import { childEnvironment } from './child-environment.js';

/** Whether this CPU multiplies bfloat16, by what the system says of it and not by what vitrine does. */
function cpuHasBf16(): boolean {
  if (process.platform !== 'linux') return info().bf16.available;
  return /^flags\s*:.*\bavx512_bf16\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
}

/** The compiled test files with tests that are skipped where there is no bfloat16. */
function filesThatMaySkip(): string[] {
  const folder = dirname(fileURLToPath(import.meta.url));
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => path.endsWith('.test.js') && /bf16\.available\)\s*this\.skip/.test(readFileSync(path, 'utf8')));
}

describe('bfloat16', function () {
  this.timeout(120_000);

  it('is tested where this CPU has AVX512_BF16: nothing is skipped', function () {
    if (!cpuHasBf16()) this.skip();
    const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
    const files = filesThatMaySkip();
    assert.ok(files.length >= 2);
    const { stdout } = spawnSync(process.execPath, [mocha, '--no-config', '--timeout', '60000', ...files], {
      env: childEnvironment({ VITRINE_ISA: undefined, VITRINE_GEMM: undefined }),
      encoding: 'utf8',
    });
    assert.match(stdout, /^ +\d\d+ passing/m);
    assert.doesNotMatch(stdout, /\d+ (pending|failing)/, stdout);
  });
});
