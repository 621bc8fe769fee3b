// Looks for defects: Biome for TypeScript and JavaScript, TypeDoc for docstrings, publint and attw for the package, clang-tidy for C++.
// Formatting is format.mjs's.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cmakeJs } from './native-build.mjs';
import { run, runScript } from './setup/step.mjs';
import { sideBySide } from './side-by-side.mjs';

const DATABASE = 'build-tidy';

/** The sources that clang-tidy reads. */
function tidySources() {
  const sources = readFileSync('native/sources.txt', 'utf8').split('\n').filter(Boolean);
  return sources.map((file) => `native/${file}`);
}

/**
 * What a file is not checked for. Kernels are leaf loops over pointers that are given, each compiled once for every
 * instruction set; following their paths took two thirds of 370 s of CPU time for 23 kernels, and found nothing.
 */
function leftOut(file) {
  return file.startsWith('native/kernels/') ? ['--checks=-clang-analyzer-*'] : [];
}

/** Runs a command, whose output is shown if it finds something; true if it finds nothing. */
async function check(command, args) {
  const { code, output } = await run(command, args);
  if (code !== 0) console.error(output);
  return code === 0;
}

const checkReference = () => check(process.execPath, ['scripts/reference.mjs', '--check']);
const checkPackage = () => check(process.execPath, ['scripts/package-lint.mjs']);
const tidy = (file) => check('clang-tidy', ['--quiet', '-p', DATABASE, ...leftOut(file), file]);

await runScript(async () => {
  const finds = (...args) => spawnSync(process.execPath, args, { stdio: 'inherit' }).status !== 0;
  const found = [
    finds('node_modules/@biomejs/biome/bin/biome', 'lint', '--error-on-warnings'),
    finds('scripts/duplicates.mjs'),
  ];
  await cmakeJs('lint: listing the compile commands of native', 'configure', DATABASE, {});
  const sound = await sideBySide([checkReference, checkPackage, ...tidySources().map((file) => () => tidy(file))]);
  process.exitCode = !found.includes(true) && sound.every(Boolean) ? 0 : 1;
});
