import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { peers } from '../../bench/options.js';
import { native } from '../../lib/native.js';
import { childEnvironment } from '../child-environment.js';
import { runCli } from '../cli/run-cli.js';

const vitrineMain = fileURLToPath(new URL('../../lib/cli/main.js', import.meta.url));
const main = fileURLToPath(new URL('../../bench/main.js', import.meta.url));

function bench(args: readonly string[], env: Record<string, string> = {}) {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', env: childEnvironment(env) });
}

const quick = ['tiny', '--case', 'infer', '--seconds', '0.01'];

describe('npm run bench', function () {
  this.timeout(60_000);

  it('prints a JSON object a line', () => {
    const { status, stdout, stderr } = bench([...quick, '--json', '--threads', '1', '--batch', '2']);
    assert.equal(status, 0, stderr);
    const lines = stdout.trim().split('\n');
    assert.equal(lines.length, 1);
    const found = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    assert.deepEqual(
      [found.suite, found.case, found.model, found.batch, found.threads, found.precision, found.contender, found.ratio],
      ['tiny', 'tiny infer batch 2', 'tiny', 2, 1, 'fp32', 'vitrine', 1],
    );
    for (const name of ['medianMs', 'minMs', 'maxMs', 'imagesPerSecond', 'gflops', 'peakFraction']) {
      assert.ok(Number(found[name]) > 0, `${name}: ${found[name]}`);
    }
  });

  it('times inference in 8 bits, of which it measures no peak', () => {
    const asked = [
      'infer',
      '--model',
      'tiny',
      '--batch',
      '1',
      '--precision',
      'int8',
      '--seconds',
      '0.01',
      '--threads',
      '1',
    ];
    const { status, stdout, stderr } = bench([...asked, '--json']);
    assert.equal(status, 0, stderr);
    const found = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual([found.contender, found.precision, found.peakFraction], ['vitrine', 'int8', null]);
    assert.ok(Number(found.medianMs) > 0);
  });

  it('measures the peak of one core and of all, of each precision that the CPU has', () => {
    const { status, stdout, stderr } = bench(['peak', '--threads', '2', '--seconds', '0.01', '--json']);
    assert.equal(status, 0, stderr);
    const records = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const expected = [
      ['fp32', 1],
      ['fp32', 2],
      ['bf16', 1],
      ['bf16', 2],
    ];
    const found = records.map(({ precision, threads }) => [precision, threads]);
    assert.deepEqual(found, expected.slice(0, native.cpu().bf16 ? 4 : 2));
    for (const { gflops } of records) assert.ok(Number(gflops) > 0);
  });

  it('predicts steps on more threads than there are, from a trace of one', () => {
    const args = [
      'scale',
      '--predict',
      '--model',
      'tiny',
      '--batch',
      '2',
      '--seconds',
      '0.01',
      '--json',
      '--wake',
      '2',
    ];
    const { status, stdout, stderr } = bench(args);
    assert.equal(status, 0, stderr);
    const records = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      records.map((record) => record.case),
      ['train tiny 8px batch 2', 'infer tiny 8px batch 1'],
    );
    for (const { costs, predictions } of records) {
      assert.deepEqual(costs, { wake: 2, barrier: 0.5 });
      const threads = (predictions as { threads: number }[]).map((prediction) => prediction.threads);
      assert.deepEqual(threads, [2, 4, 8, 16, 32, 64, 128]);
    }
  });

  it('refuses flags that have no effect', () => {
    for (const [args, message] of [
      [['--wake', '1'], 'Expected --predict for --wake but received none.'],
      [['--predict', '--threads', '2'], 'Expected no --threads for --predict but received --threads.'],
    ] as const) {
      const { status, stderr } = bench(['scale', ...args]);
      assert.deepEqual([status, stderr], [1, `vitrine: ${message}\n`]);
    }
  });

  it('ends with one sentence when the trace cannot be written', () => {
    const { status, stderr } = bench([...quick, '--trace', join(tmpdir(), 'vitrine-no-such-folder', 'trace.json')]);
    assert.equal(status, 1);
    assert.match(stderr, /^vitrine: Expected a writable file for .*trace\.json/);
  });

  it('prints a table that fits a terminal', () => {
    const { status, stdout, stderr } = bench(['scale', '--model', 'tiny', '--case', 'depth', '--seconds', '0.01']);
    assert.equal(status, 0, stderr);
    const rows = stdout.split('\n').slice(stdout.split('\n').indexOf('') + 1);
    for (const row of rows) assert.ok(row.length <= 80, row);
    assert.match(stdout, /exponent/);
    assert.match(stdout, /depth 3/);
  });

  it('names contenders that are not installed', () => {
    const nowhere = { VITRINE_TORCH_PYTHON: '/nonexistent/python' };
    const { status, stdout, stderr } = bench([...quick, '--json', '--vs', 'torch,onnxruntime'], nowhere);
    assert.equal(status, 0);
    assert.equal(stdout.trim().split('\n').length, 1);
    assert.match(stderr, /^torch: skipped, spawn .* ENOENT\. Set VITRINE_TORCH_PYTHON to a Python that has torch/m);
    assert.match(stderr, /^onnxruntime: skipped, /m);
  });

  it('refuses while OPENBLAS_CORETYPE forces slower kernels, unless told otherwise', function () {
    if (process.arch !== 'x64') this.skip();
    const slow = { OPENBLAS_CORETYPE: 'Nehalem', VITRINE_GEMM: 'openblas' };
    const refused = bench([...quick, '--json'], slow);
    if (refused.status === 0) this.skip(); // a CPU, or an OpenBLAS, that has nothing faster
    if (/Expected the OpenBLAS library/.test(refused.stderr)) this.skip();
    assert.equal(refused.status, 1);
    assert.equal(refused.stdout, '');
    assert.match(refused.stderr, /^vitrine: Expected OpenBLAS's own choice of kernels .* OPENBLAS_CORETYPE=Nehalem/m);
    assert.match(refused.stderr, /--allow-override/);
    const allowed = bench([...quick, '--json', '--allow-override'], slow);
    assert.equal(allowed.status, 0, allowed.stderr);
    assert.equal(allowed.stdout.trim().split('\n').length, 1);
  });

  it('refuses what it does not know, and flags that a suite does not have', () => {
    for (const args of [['speed'], ['peak', '--model', 'Ti/16'], ['peak', '--vs', 'torch'], ['train', '--case', '(']]) {
      const { status, stderr } = bench(args);
      assert.equal(status, 2, args.join(' '));
      assert.match(stderr, /^vitrine: /);
    }
    const wrong: readonly (readonly [args: string[], code: number, sentence: RegExp])[] = [
      [['train', '--model', 'X/16'], 2, /for --model but received 'X\/16'/],
      [['train', '--vs', 'jax'], 2, /Expected one of 'torch', .* for --vs but received 'jax'\./],
      [['train', '--seconds=-1'], 2, /for --seconds but received -1\./],
      [['tiny', '--case', 'nothing'], 2, /The cases are: tiny train batch 1; tiny infer batch 1\./],
      [['embed', '--img', '100'], 2, /patch size 16 divides for --img but received 100/],
      [['infer', '--img', '100'], 2, /for --img but received 100 x 100\. Choose another --img or --patch\./],
    ];
    for (const [args, code, sentence] of wrong) {
      const { status, stderr } = bench(args);
      assert.equal(status, code, args.join(' '));
      assert.match(stderr, sentence);
    }
  });

  it('ends with the vitrine bench that runs it', async function () {
    if (process.platform === 'win32') this.skip();
    const args = [vitrineMain, 'bench', 'train', '--model', 'digits', '--seconds', '60'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: childEnvironment() });
    setTimeout(() => child.kill('SIGTERM'), 1000);
    // Closed once nobody holds the pipes any more: the benchmark has ended as well.
    const [code, signal] = await once(child, 'close');
    assert.ok(code === 143 || signal === 'SIGTERM', `${code} ${signal}`);
  });

  it('is what vitrine bench runs', async () => {
    const { code, stdout } = await runCli(['bench', 'train', '--help']);
    assert.equal(code, 0);
    assert.match(stdout, /--model <name>/);
  });
});

describe('--vs', () => {
  it('takes names with commas, and again', () => {
    assert.deepEqual(peers('torch-tuned, onnxruntime', peers('torch,torch-tuned')), [
      'torch',
      'torch-tuned',
      'onnxruntime',
    ]);
  });
});
