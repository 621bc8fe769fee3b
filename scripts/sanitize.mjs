// Builds the addon under AddressSanitizer with UndefinedBehaviorSanitizer and runs the test suite on it; beside that it builds the
// native tests, of the runtime and the ops, under ThreadSanitizer, which inside a Node.js that is not instrumented would see half of it.
// Arguments are passed on to mocha: npm run sanitize -- --grep softmax. Linux with g++ only.

import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cmakeJs } from './native-build.mjs';
import { listFiles } from './setup/freshness.mjs';
import { endOf, run, runScript, StepError } from './setup/step.mjs';
import { MOCHA, shares, sideBySide } from './side-by-side.mjs';

const ADDRESS = 'build-asan';
const THREAD = 'build-tsan';
const REPORT = resolve(ADDRESS, 'report');
// Tests that start programs by the dozen, each of which takes some 5 s to start under the sanitizer, and run nothing of the
// addon that the others do not; golden values, of ops that are run at sizes of all kinds anyway; thousands of refusals before
// the addon is called, and references in TypeScript; one that measures how memory grows, which the sanitizer's quarantine lets
// it; and the ops once more on every instruction set, which the native tests below are, on operands exactly as large as each op
// says. Nor is a browser run under it.
const LEFT_OUT = [
  ...['bench', 'check', 'cli', 'docs', 'golden', 'package', 'reference', 'scripts', 'web'].map((folder) =>
    join('dist/test', folder, '/'),
  ),
  ...['amx-emulated', 'bf16-proven', 'child-environment', 'house', 'isa-matrix', 'train/killed'].map((name) =>
    join('dist/test', `${name}.test.js`),
  ),
  ...['environment', 'leak', 'no-blas', 'node-version'].map((name) => join('dist/test/runtime', `${name}.test.js`)),
];

/** Runs a command; what it said is shown when it has ended. Resolves to what a failure is told by, or undefined. */
async function runToEnd(title, command, args, env) {
  const start = performance.now();
  const result = await run(command, args, { env: { ...process.env, ...env } });
  console.log(`\nsanitize: ${title} (${((performance.now() - start) / 1000).toFixed(1)} s)\n${result.output}`);
  return result.code === 0 ? undefined : endOf(`sanitize: ${title}`, result);
}

/** The file of a run-time library of g++, to be loaded before all others. */
function compilerLibrary(name) {
  return spawnSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).stdout.trim();
}

/**
 * What the sanitizer's reports hold against the addon. Node.js leaves thousands of its own blocks to the end of the
 * process, and a suppression by name would match every stack that begins in JavaScript; so a leak counts if the addon
 * itself made the block: if its frames come before any of Node's.
 */
function findings(reports) {
  return reports.flatMap((report) =>
    report.split(/\n\n+/).filter((block) => (/leak of \d+ byte/.test(block) ? isOfAddon(block) : isOfMore(block))),
  );
}

/** Whether a block of a report is neither a leak nor what is said around leaks. */
function isOfMore(block) {
  return /ERROR: AddressSanitizer|runtime error|fatal error|Tracer caught|CHECK failed/.test(block);
}

function isOfAddon(leak) {
  const frames = leak.split('\n').filter((line) => /^ +#\d+ /.test(line));
  const node = frames.findIndex((frame) => frame.includes(`(${process.execPath}+`));
  const ours = frames.findIndex((frame) => frame.includes('vitrine') || frame.includes(resolve('native')));
  return ours >= 0 && (node < 0 || ours < node);
}

// Leaks keep the exit code, for findings() to judge; all else aborts.
const COMMON = 'abort_on_error=1:halt_on_error=1:exitcode=0';
const OPTIONS = {
  ASAN_OPTIONS: `detect_leaks=1:detect_stack_use_after_return=1:log_path=${REPORT}:${COMMON}`,
  UBSAN_OPTIONS: `print_stacktrace=1:${COMMON}`,
};

function addressSanitizerTasks(mochaArgs, isas) {
  const env = {
    ...OPTIONS,
    // node is not instrumented, so the sanitizer must come first, and libstdc++ with it for the sake of exceptions.
    LD_PRELOAD: ['libasan.so', 'libubsan.so', 'libstdc++.so.6'].map(compilerLibrary).join(':'),
    VITRINE_ADDON: resolve(ADDRESS, 'RelWithDebInfo/vitrine.node'),
  };
  const isRun = (file) => !LEFT_OUT.some((path) => file.startsWith(path));
  const suite = shares(4, ['--timeout', '300000', ...mochaArgs], isRun).map(
    (args, i, all) => () =>
      runToEnd(`tests under AddressSanitizer, ${i + 1} of ${all.length}`, process.execPath, [MOCHA, ...args], env),
  );
  const native = isas.map(
    (isa) => () =>
      runToEnd(`native tests under AddressSanitizer on ${isa}`, `${ADDRESS}/native_test`, [], {
        ...OPTIONS,
        VITRINE_ISA: isa,
      }),
  );
  return [...suite, ...native];
}

/** Builds the native tests and runs them: one task, whose build fills the time in which tests wait for one thing after the other. */
async function threadSanitizerTask(definitions) {
  const label = 'sanitize: building the runtime and the ops for ThreadSanitizer';
  try {
    await cmakeJs(label, 'build', THREAD, definitions, '--target', 'native_test');
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    return error.message; // told at the end, when what runs beside it has ended too
  }
  return testUnderThreadSanitizer();
}

function testUnderThreadSanitizer() {
  const env = { TSAN_OPTIONS: 'halt_on_error=1:second_deadlock_stack=1' };
  const test = [`${THREAD}/native_test`];
  // Kernels that randomise 32 bits of addresses leave no room for the shadow of older versions of the sanitizer.
  const fixed = ['setarch', process.arch === 'x64' ? 'x86_64' : 'aarch64', '-R'];
  const [command, ...args] = spawnSync(fixed[0], [...fixed.slice(1), 'true']).status === 0 ? [...fixed, ...test] : test;
  return runToEnd('native tests under ThreadSanitizer', command, args, env);
}

async function main(mochaArgs) {
  if (process.platform !== 'linux') {
    throw new StepError(`Expected Linux for the sanitizer builds but received ${process.platform}. Use a container.`);
  }
  // g++ for these builds alone: by CXX the setup knows whether the addon is of the same compiler, which the tests look at.
  const compiler = { CMAKE_CXX_COMPILER: 'g++' };
  const { info } = await import('../dist/lib/index.js');
  // Kernels for AVX2 and AVX-512 read and write many elements at once, and may go over an end where scalar ones do not, whose
  // loops over threads are the same: these are a third of the time to build, and left out. Their results `npm test` proves.
  const vector = info().isas.filter((isa) => isa.startsWith('avx'));
  const kernels = vector.length > 0 ? 'vector' : 'all';
  const address = { ...compiler, VITRINE_KERNELS: kernels, VITRINE_SANITIZE: 'address' };
  await cmakeJs('sanitize: building the addon for AddressSanitizer', 'build', ADDRESS, address);
  // What threads share is the same on each instruction set, but for bfloat16, which AVX-512 has.
  const fastest = vector.includes('avx512') ? 'avx512' : kernels;
  const thread = { ...compiler, VITRINE_KERNELS: fastest, VITRINE_SANITIZE: 'thread' };
  const reportFiles = () => listFiles(ADDRESS, (file) => resolve(file).startsWith(`${REPORT}.`));
  for (const file of reportFiles()) rmSync(file);
  console.log('\nsanitize: running the tests, side by side; each is shown when it has ended');
  // AMX's tiles in memory have their own packing and edges; they lie on AVX-512's.
  const tiles = info().bf16.available && vector.includes('avx512') ? ['amx-emulated'] : [];
  const isas = vector.length > 0 ? [...vector, ...tiles] : info().isas;
  const ends = await sideBySide([() => threadSanitizerTask(thread), ...addressSanitizerTasks(mochaArgs, isas)]);
  const failures = ends.filter((end) => end !== undefined);
  const found = findings(reportFiles().map((file) => readFileSync(file, 'utf8')));
  for (const text of [...found, ...failures]) console.log(`\n${text}`);
  process.exitCode = failures.length === 0 && found.length === 0 ? 0 : 1;
}

await runScript(main);
