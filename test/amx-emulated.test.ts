import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { info } from '../lib/index.js';
import { childEnvironment } from './child-environment.js';

/** The tests of what multiplies in bfloat16 and in 8 bits. */
const SUITES = ['whole-numbers-bf16', 'autocast', 'kept-weight', 'linear-int8', 'large-scores'].map((name) =>
  fileURLToPath(new URL(`./ops/${name}.test.js`, import.meta.url)),
);

describe('the products of AMX', function () {
  this.timeout(120_000);

  it('pass their tests through emulated tiles', function () {
    if (!info().bf16.available) this.skip(); // whose packing tiles take
    const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
    const program = `
      import assert from 'node:assert/strict';
      import { info } from ${JSON.stringify(new URL('../lib/index.js', import.meta.url).href)};
      assert.equal(info().isa, 'amx-emulated');
      assert.equal(info().blas.core, 'amx-emulated');
      process.argv.push('--no-config', '--timeout', '60000', ...${JSON.stringify(SUITES)});
      await import(${JSON.stringify(new URL(`file://${mocha}`).href)});`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program, 'mocha'], {
      env: childEnvironment({ VITRINE_ISA: 'amx-emulated', VITRINE_GEMM: undefined, VITRINE_THREADS: '2' }),
      encoding: 'utf8',
    });
    assert.match(stdout, /^ +\d\d+ passing/m, stdout + stderr);
    assert.doesNotMatch(stdout, /\d+ (pending|failing)/, stdout);
  });
});
