// Looks for defects in both languages: Biome for TypeScript and JavaScript, clang-tidy for C++. Formatting is format.mjs's.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { cmakeJs } from './native-build.mjs';
import { run, StepError } from './setup/step.mjs';

const DATABASE = 'build-tidy';

/** The sources that clang-tidy reads; kernels are left out, as each is compiled once for every instruction set. */
function tidySources() {
  const sources = readFileSync('native/sources.txt', 'utf8').split('\n').filter(Boolean);
  return sources.filter((file) => !file.startsWith('kernels/')).map((file) => `native/${file}`);
}

async function tidy(files) {
  const queue = [...files];
  let sound = true;
  const worker = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const { code, output } = await run('clang-tidy', ['--quiet', '-p', DATABASE, file]);
      if (code !== 0) console.error(output);
      sound &&= code === 0;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return sound;
}

try {
  const biome = ['node_modules/@biomejs/biome/bin/biome', 'lint', '--error-on-warnings'];
  const scripts = spawnSync(process.execPath, biome, { stdio: 'inherit' }).status === 0;
  await cmakeJs('lint: listing the compile commands of native', 'configure', DATABASE, {});
  const native = await tidy(tidySources());
  process.exitCode = scripts && native ? 0 : 1;
} catch (error) {
  if (!(error instanceof StepError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
