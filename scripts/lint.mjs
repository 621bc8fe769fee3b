// Looks for defects: Biome for TypeScript and JavaScript, TypeDoc for docstrings, publint and attw for the package, clang-tidy for C++.
// Formatting is format.mjs's.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cmakeJs } from './native-build.mjs';
import { run, runScript } from './setup/step.mjs';
import { sideBySide } from './side-by-side.mjs';

const DATABASE = 'build-tidy';

/** The checks of what owns, moves or throws: half of the time for a kernel. */
const OWNERSHIP = [
  'bugprone-dangling-handle',
  'bugprone-exception-escape',
  'bugprone-move-forwarding-reference',
  'bugprone-undelegated-constructor',
  'bugprone-unused-raii',
  'bugprone-use-after-move',
  'performance-move-const-arg',
  'performance-unnecessary-copy-initialization',
  'performance-unnecessary-value-param',
];

/** The sources that clang-tidy reads. */
function tidySources() {
  const sources = readFileSync('native/sources.txt', 'utf8').split('\n').filter(Boolean);
  return sources.map((file) => `native/${file}`);
}

/**
 * How a file is looked at. Kernels are leaf loops over pointers that are given, which own nothing and move nothing; following their
 * paths took two thirds of 370 s of CPU time for 23 kernels, and found nothing. Elsewhere paths are followed for 20,000 states of a function, not 225,000: 2.5 s a
 * file, not 6 to 8.
 */
function depth(file) {
  const states = ['-Xclang', '-analyzer-config', '-Xclang', 'max-nodes=20000'];
  return file.startsWith('native/kernels/')
    ? [`--checks=-clang-analyzer-*,${OWNERSHIP.map((name) => `-${name}`).join(',')}`]
    : states.map((argument) => `--extra-arg=${argument}`);
}

/** Runs a command; true if it finds nothing, else what it said is shown, under its name. */
async function check(title, command, args) {
  const { code, output } = await run(command, args);
  if (code !== 0) console.error(`${output}\nlint: ${title} ended with exit code ${code}`);
  return code === 0;
}

const checkReference = () => check('reference', process.execPath, ['scripts/reference.mjs', '--check']);
const checkPackage = () => check('package', process.execPath, ['scripts/package-lint.mjs']);
const tidy = (file) => check(file, 'clang-tidy', ['--quiet', '-p', DATABASE, ...depth(file), file]);

await runScript(async () => {
  const finds = (...args) => spawnSync(process.execPath, args, { stdio: 'inherit' }).status !== 0;
  const found = [
    finds('node_modules/@biomejs/biome/bin/biome', 'lint', '--error-on-warnings'),
    finds('scripts/duplicates.mjs'),
  ];
  // Kernels are read as they are for AVX-512; other instruction sets read the same lines, but for a dozen.
  const definitions = { VITRINE_KERNELS: process.arch === 'x64' ? 'avx512' : 'all' };
  await cmakeJs('lint: listing the compile commands of native', 'configure', DATABASE, definitions);
  const sound = await sideBySide([checkReference, checkPackage, ...tidySources().map((file) => () => tidy(file))]);
  process.exitCode = !found.includes(true) && sound.every(Boolean) ? 0 : 1;
});
