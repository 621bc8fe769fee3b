import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { info } from '../lib/index.js';
import { childEnvironment } from './child-environment.js';
import type { OpBits } from './op-bits.js';

/** Runs a script of Node's on an instruction set and a number of threads; gives what it printed, and how it ended. */
function run(
  script: string,
  args: readonly string[],
  isa: string,
  threads: number,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const settings = { VITRINE_ISA: isa, VITRINE_THREADS: String(threads) };
    // oneDNN refuses to run where kernels are scalar.
    const env = childEnvironment(isa === 'scalar' ? { ...settings, VITRINE_GEMM: undefined } : settings);
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
const SUITES = [
  compiled('./ops/*.test.js'),
  compiled('./golden/*.test.js'),
  compiled('./optim/*.test.js'),
  compiled('./features/nearest.test.js'),
];

describe('every instruction set of this machine', function () {
  // A run of the suites each, of some 8 s.
  this.timeout(Math.max(this.timeout(), 180_000));

  for (const isa of info().isas) {
    // One thread is enough, since all numbers of them leave the same bits, which is tested next, and does not wait for CPUs that
    // other tests use. On the instruction set of this process the suites run anyway.
    if (isa !== info().isa)
      it(`passes the tests of ops, optimizers and golden fixtures on ${isa}`, async () => {
        const args = ['--no-config', '--reporter', 'dot', '--timeout', '60000', ...SUITES];
        const { code, output } = await run(mocha, args, isa, 1);
        assert.equal(code, 0, output);
        const passing = Number(/(\d+) passing/.exec(output)?.[1] ?? 0);
        assert.ok(passing > 500, `${passing} tests ran`);
      });

    it(`gives the same bits on ${isa} on 1 to 64 threads`, async () => {
      const counts = [1, 2, 3, 7, 16, 64];
      const { code, output } = await run(compiled('./op-bits.js'), counts.map(String), isa, 1);
      assert.equal(code, 0, output);
      const all = output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as OpBits); // op-bits prints these
      assert.deepEqual(
        all.map((bits) => [bits.isa, bits.threads]),
        counts.map((threads) => [isa, threads]),
      );
      const [first, ...others] = all.map(({ digests }) => digests);
      for (const digests of others) assert.deepEqual(digests, first);
      const different = new Set(Object.values(first ?? {}));
      assert.equal(different.size, Object.keys(first ?? {}).length, 'digests tell the ops apart');
    });
  }
});
