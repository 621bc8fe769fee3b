import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { info } from '../lib/index.js';
import { childEnvironment } from './child-environment.js';
import type { OpBits } from './op-bits.js';

const THREADS = [1, 2];

/** Runs a script of Node's on an instruction set and a number of threads; gives what it printed, and how it ended. */
function run(
  script: string,
  args: readonly string[],
  isa: string,
  threads: number,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const env = childEnvironment({ VITRINE_ISA: isa, VITRINE_THREADS: String(threads) });
    const child = spawn(process.execPath, [script, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

const compiled = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
const SUITES = [compiled('./ops/*.test.js'), compiled('./golden/*.test.js'), compiled('./optim/*.test.js')];

describe('every instruction set of this machine', function () {
  // Six runs of the suites, two at a time: about 30 s. A sanitizer's build, which sets more, takes longer.
  this.timeout(Math.max(this.timeout(), 180_000));

  for (const isa of info().isas) {
    it(`passes the tests of ops, optimizers and golden fixtures on ${isa}, on 1 and 2 threads`, async () => {
      const args = ['--no-config', '--reporter', 'dot', '--timeout', '60000', ...SUITES];
      const runs = await Promise.all(THREADS.map((threads) => run(mocha, args, isa, threads)));
      for (const [i, { code, output }] of runs.entries()) {
        assert.equal(code, 0, `on ${THREADS[i]} threads:\n${output}`);
        const passing = Number(/(\d+) passing/.exec(output)?.[1] ?? 0);
        assert.ok(passing > 500, `${passing} tests ran on ${THREADS[i]} threads`);
      }
    });

    it(`gives the same bits on ${isa} on 1, 2 and 3 threads, in as many processes`, async () => {
      const [first, ...others] = await Promise.all(
        [1, 2, 3].map(async (threads) => {
          const { code, output } = await run(compiled('./op-bits.js'), [], isa, threads);
          assert.equal(code, 0, output);
          const bits = JSON.parse(output) as OpBits; // op-bits prints this
          assert.deepEqual([bits.isa, bits.threads], [isa, threads]);
          return bits.digests;
        }),
      );
      for (const digests of others) assert.deepEqual(digests, first);
      const different = new Set(Object.values(first));
      assert.equal(different.size, Object.keys(first).length, 'digests tell the ops apart');
    });
  }
});
