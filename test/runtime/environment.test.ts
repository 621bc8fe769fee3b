import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { info } from '../../lib/index.js';
import { addonPath as addon } from '../../lib/native.js';
import { type ProgramResult, runProgram } from './run-program.js';

/** Starts vitrine with these variables and none of the tester's own. */
function start(env: Readonly<Record<string, string | undefined>>): Promise<ProgramResult> {
  const unset = { VITRINE_THREADS: undefined, VITRINE_ISA: undefined, OPENBLAS_CORETYPE: undefined };
  return runProgram('start', { env: { ...unset, ...env } });
}

/** Whether the system has the library, so that `VITRINE_GEMM` may name it. */
async function hasLibrary(name: string): Promise<boolean> {
  const { code, stderr } = await start({ VITRINE_GEMM: name });
  if (code !== 0) assert.match(stderr, /Error: Expected the \w+ library/);
  return code === 0;
}

/** The process ended by itself, with an error of this kind and no more output. */
function assertRefused({ code, signal, stdout, stderr }: ProgramResult, message: RegExp): void {
  assert.match(stderr, message);
  assert.equal(stderr.match(/Error: /g)?.length, 1, stderr);
  assert.deepEqual([code, signal, stdout], [1, null, '']);
}

describe('VITRINE_THREADS', () => {
  it('sets the number of threads', async () => {
    const { stdout, stderr } = await start({ VITRINE_THREADS: '3' });
    assert.equal(JSON.parse(stdout).threads, 3);
    assert.equal(stderr, '');
  });

  for (const value of ['0', '-1', '1025', '1.5', 'two', '4 ', '99999999999999999999']) {
    it(`refuses '${value}'`, async () => {
      const message = new RegExp(
        `Error: Expected a whole number from 1 to 1024 for VITRINE_THREADS but received '${value}'\\. Unset it`,
      );
      assertRefused(await start({ VITRINE_THREADS: value }), message);
    });
  }
});

describe('VITRINE_ISA', () => {
  for (const isa of info().isas) {
    // Through own kernels: oneDNN refuses to run where these are scalar.
    it(`chooses ${isa}`, async () => {
      const { stdout } = await start({ VITRINE_ISA: isa, VITRINE_GEMM: undefined });
      assert.equal(JSON.parse(stdout).isa, isa);
    });
  }

  it('refuses one that this CPU has not', async () => {
    const message = new RegExp(
      `Error: Expected one of ${info().isas.join(', ')}(, amx-emulated)? for VITRINE_ISA but received 'avx1024'\\. Unset VITRINE_ISA`,
    );
    assertRefused(await start({ VITRINE_ISA: 'avx1024' }), message);
  });
});

describe('OPENBLAS_CORETYPE', () => {
  const slower = { avx512: 'Haswell', avx2: 'Nehalem' }[info().isas[0] ?? ''];

  before(async function () {
    if (!(await hasLibrary('openblas'))) this.skip();
  });

  for (const core of [slower, slower?.toLowerCase()]) {
    it(`of a slower CPU is told once, with the fix: ${core}`, async function () {
      if (core === undefined) this.skip();
      const { code, stdout, stderr } = await start({ OPENBLAS_CORETYPE: core, VITRINE_GEMM: 'openblas' });
      assert.equal(code, 0);
      assert.equal(stderr.match(/VitrineWarning/g)?.length, 1, stderr);
      assert.match(
        stderr,
        new RegExp(`VitrineWarning: OPENBLAS_CORETYPE=${core} makes OpenBLAS run .* Unset OPENBLAS_CORETYPE`),
      );
      assert.equal(JSON.parse(stdout).warnings.length, 1);
    });
  }

  it('is told once a process, workers included', async function () {
    if (slower === undefined) this.skip();
    const { code, stderr } = await runProgram('starts-twice', {
      env: { OPENBLAS_CORETYPE: slower, VITRINE_GEMM: 'openblas', VITRINE_ISA: undefined },
    });
    assert.equal(code, 0, stderr);
    assert.equal(stderr.match(/VitrineWarning/g)?.length, 1, stderr);
  });

  it('means nothing, and is not told, where another library multiplies', async function () {
    if (slower === undefined || !(await hasLibrary('onednn'))) this.skip();
    const { code, stdout, stderr } = await start({ OPENBLAS_CORETYPE: slower, VITRINE_GEMM: 'onednn' });
    assert.deepEqual([code, stderr, JSON.parse(stdout).warnings], [0, '', []]);
  });

  it('unset gives OpenBLAS kernels for the CPU, without a word and without a trace in the environment', async () => {
    const { code, stdout, stderr } = await start({ VITRINE_GEMM: 'openblas' });
    const { warnings, variables } = JSON.parse(stdout);
    assert.deepEqual([code, stderr, warnings, variables], [0, '', [], []]);
  });
});

describe("OpenMP's variables", () => {
  for (const variable of ['OMP_PROC_BIND', 'GOMP_CPU_AFFINITY']) {
    it(`leave the process all its CPUs: ${variable}`, async function () {
      if (!(await hasLibrary('onednn'))) this.skip();
      const bound = { [variable]: variable === 'OMP_PROC_BIND' ? 'true' : '0' };
      const { stdout, stderr } = await start({ ...bound, VITRINE_GEMM: 'onednn' });
      assert.equal(stderr, '');
      assert.equal(JSON.parse(stdout).cpus, info().cpus);
    });
  }
});

describe('VITRINE_ADDON', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vitrine-test-'));
  after(() => rmSync(folder, { recursive: true }));
  const file = (name: string): string => join(folder, name);

  it('may be relative to the working directory', async () => {
    assert.equal((await start({ VITRINE_ADDON: relative(process.cwd(), addon) })).code, 0);
  });

  it('is told to be missing, and what to do', async () => {
    const path = file('nowhere.node');
    const message = new RegExp(
      `Error: Expected a native addon for .* but ${path} does not load: there is none\\. Unset VIT`,
    );
    assertRefused(await start({ VITRINE_ADDON: path }), message);
  });

  const foreign: [string, (path: string) => void][] = [
    ['a text file', (path) => writeFileSync(path, 'throw new Error("run")\n')],
    ['an empty file', (path) => writeFileSync(path, '')],
    [
      'of another machine',
      (path) => {
        const elf = readFileSync(addon);
        elf.writeUInt16LE(243, 18); // e_machine: RISC-V
        writeFileSync(path, elf);
      },
    ],
    [
      'cut short',
      (path) => {
        copyFileSync(addon, path);
        truncateSync(path, 1000);
      },
    ],
  ];
  for (const [title, make] of foreign) {
    it(`${title} is refused, and what to do is told`, async () => {
      const path = file(`${title.replaceAll(' ', '-')}.node`);
      make(path);
      const message = new RegExp(
        `Error: Expected a native addon for ${process.platform}-${process.arch}.* and Node .* but ${path} does not load: .* Unset VITRINE_ADDON\\.`,
      );
      const result = await start({ VITRINE_ADDON: path });
      assert.match(result.stderr, message);
      assert.deepEqual([result.code, result.signal, result.stdout], [1, null, '']);
    });
  }
});
