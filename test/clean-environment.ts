// Mocha loads this before any test, and so before the addon: what the tester's shell holds does not decide a test in
// this process either. `VITRINE_GEMM=openblas npm test` runs all tests through that library; a value that vitrine
// refuses is left out and told.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { childEnvironment, isForeign } from './child-environment.js';

const library = new URL('../lib/native.js', import.meta.url).href;

/** What vitrine says against this value, in its own words; '' where it takes it. */
function refusal(name: string, value: string): string {
  const others = { VITRINE_GEMM: undefined, VITRINE_ISA: undefined, VITRINE_THREADS: undefined };
  const env = childEnvironment({ ...others, [name]: value });
  const load = `import(${JSON.stringify(library)}).catch((e) => { console.error(e.message); process.exitCode = 1; })`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', load], { env, encoding: 'utf8' });
  return status === 0 ? '' : stderr.trim() || 'it does not load';
}

for (const name of Object.keys(process.env)) if (isForeign(name)) delete process.env[name];

for (const name of ['VITRINE_GEMM', 'VITRINE_ISA', 'VITRINE_THREADS']) {
  const value = process.env[name];
  if (value === undefined) continue;
  const sentence = refusal(name, value);
  if (sentence === '') continue;
  console.error(`tests: leaving out ${name}. ${sentence}`);
  delete process.env[name];
}

for (const name of ['TMPDIR', 'TMP', 'TEMP']) {
  const folder = process.env[name];
  if (folder === undefined) continue;
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch {
    console.error(`tests: leaving out ${name}. Expected a folder to write to but received ${JSON.stringify(folder)}.`);
    delete process.env[name];
  }
}
