// Packs vitrine once and tries the tarball in fresh folders, in everything that people install and run packages with:
//
//   npm run test:ecosystem [-- <part of a case's name>... --list --markdown]
//
// Cases that need the registry are skipped, by name, where it does not answer. What is tried with (other Node.js versions, package
// managers, bundlers, TypeScripts, Bun, Deno) is installed into build-ecosystem/, the newest of each range of tools.mjs.
// --markdown writes the table that docs/platforms.md has. A tree without binaries packs the addon that was built here.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { arch, platform, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as bundlers from './ecosystem/bundlers.mjs';
import * as installers from './ecosystem/installers.mjs';
import { packWithAddon } from './ecosystem/pack.mjs';
import { Skipped } from './ecosystem/project.mjs';
import * as runtimes from './ecosystem/runtimes.mjs';
import * as situations from './ecosystem/situations.mjs';
import { installTools, versionOf } from './ecosystem/tools.mjs';
import * as typescript from './ecosystem/typescript.mjs';
import { runScript, StepError } from './setup/step.mjs';

const CASES = [situations, runtimes, installers, typescript, bundlers].flatMap(({ cases }) => cases);

/** Whether the registry answers. */
function isOnline() {
  return spawnSync('npm', ['view', 'picomatch', 'version', '--prefer-online'], { timeout: 30_000 }).status === 0;
}

/** What a case came to: what it says, in a word or a sentence. */
async function tryCase({ name, needs, run }, context) {
  const start = performance.now();
  const result = (outcome, told) => ({ name, outcome, told, seconds: (performance.now() - start) / 1000 });
  if (needs !== undefined && !context.online) return result('skipped', 'the registry does not answer');
  try {
    return result('passed', (await run(context)) ?? '');
  } catch (error) {
    if (error instanceof Skipped) return result('skipped', error.message);
    return result('FAILED', error.stack);
  }
}

function markdown(results) {
  const { stdout } = spawnSync('ldd', ['--version'], { encoding: 'utf8' });
  const libc = /\d+\.\d+$/m.exec(stdout ?? '')?.[0];
  const machine = `${platform()}-${arch()}${libc === undefined ? '' : `, glibc ${libc}`}, kernel ${release()}`;
  const rows = results.map(
    ({ name, outcome, told }) => `| ${name} | ${outcome === 'passed' ? 'works' : outcome} | ${told.split('\n')[0]} |`,
  );
  return [
    `${new Date().toISOString().slice(0, 10)}, ${machine}:`,
    '',
    '| tried | | with |',
    '|---|---|---|',
    ...rows,
  ].join('\n');
}

async function main(args) {
  const { values, positionals } = parseArgs({
    ...{ args, allowPositionals: true },
    options: { list: { type: 'boolean' }, markdown: { type: 'boolean' } },
  });
  const chosen = CASES.filter(
    ({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)),
  );
  if (chosen.length === 0)
    throw new StepError(`Expected part of a case's name but received ${positionals.join(', ')}.`);
  if (values.list) {
    for (const { name, needs } of chosen) console.log(needs === undefined ? name : `${name} (${needs.join(', ')})`);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'vitrine-ecosystem-'));
  try {
    const online = chosen.some(({ needs }) => needs !== undefined) && isOnline();
    if (online) await installTools([...new Set(chosen.flatMap(({ needs }) => needs ?? []))]);
    const context = { folder, online, tarball: packWithAddon(folder), versionOf };
    const results = [];
    for (const item of chosen) {
      const result = await tryCase(item, context);
      console.log(
        `${result.outcome.padEnd(8)} ${result.name} (${result.seconds.toFixed(1)} s)${result.told && `: ${result.told}`}`,
      );
      results.push(result);
    }
    if (values.markdown) console.log(`\n${markdown(results)}`);
    const count = (outcome) => results.filter((result) => result.outcome === outcome).length;
    console.log(`  ${count('passed')} passing\n  ${count('FAILED')} failing\n  ${count('skipped')} pending`);
    process.exitCode = count('FAILED') === 0 ? 0 : 1;
  } finally {
    spawnSync('chmod', ['-R', 'u+w', folder]);
    rmSync(folder, { recursive: true, force: true });
  }
}

await runScript(main);
