import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { info } from '../../lib/index.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { type ProgramResult, runProgram } from './run-program.js';

const SUMS = {
  linear: 64 * 80 * 97,
  fewRows: 3 * 200 * 300,
  matmul: 5 * 40 * 50 * 30,
  // Of 400 positions, those of the edges see two thirds of a window along each axis that they end.
  conv2d: 2 * 8 * (3 * 58 * 58 + 400),
  patches: 2 * 16 * 24 * 193,
};

describe('without a BLAS', () => {
  const at = temporaryDirectory();

  /** Runs a program where the loader finds files in place of the libraries that are none, and stops at them. */
  function runWithout(program: string, env: Record<string, string | undefined> = {}): Promise<ProgramResult> {
    for (const name of ['libopenblas.so.0', 'libopenblas.so', 'libdnnl.so.3', 'libdnnl.so.2']) {
      writeFileSync(at(name), 'no library\n');
    }
    return runProgram(program, { env: { VITRINE_GEMM: undefined, LD_LIBRARY_PATH: at('.'), ...env } });
  }

  it('products of every kind are computed by own kernels, and no library is loaded', async () => {
    const { code, stdout, stderr } = await runWithout('multiplies');
    assert.deepEqual([code, stderr], [0, '']);
    assert.deepEqual(JSON.parse(stdout), { blas: { name: 'own kernels', core: info().isa }, sums: SUMS, loaded: [] });
  });

  for (const [name, library] of [
    ['openblas', 'OpenBLAS'],
    ['onednn', 'oneDNN'],
  ] satisfies [string, string][]) {
    it(`VITRINE_GEMM=${name} is refused in one sentence`, async function () {
      if (process.platform !== 'linux' || info().isa === 'scalar') this.skip();
      const { code, stderr } = await runWithout('start', { VITRINE_GEMM: name });
      assert.equal(code, 1);
      assert.match(
        stderr,
        new RegExp(`Error: Expected the ${library} library .* but the system has none\\. Install it`),
      );
    });

    it(`VITRINE_GEMM=${name} computes the same with the library, where there is one`, async function () {
      const { code, stdout, stderr } = await runProgram('multiplies', { env: { VITRINE_GEMM: name } });
      if (/Expected (the|a|at least)/.test(stderr)) this.skip();
      assert.equal(code, 0, stderr);
      const { blas, sums } = JSON.parse(stdout);
      assert.match(blas.name, new RegExp(`^${library} `));
      assert.deepEqual(sums, SUMS);
    });
  }
});
