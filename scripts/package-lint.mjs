// What publint and attw find in the package as it is packed; silent where they find nothing. Both are in scripts/lint/package/node_modules.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasPackages, installPackages } from './setup/npm.mjs';
import { runScript, step } from './setup/step.mjs';

const FOLDER = 'scripts/lint/package';

// Its profile is that of packages which have modules alone: every Node.js that vitrine runs on gives them to require() as well,
// which attw does not know; TypeScript knows it from 5.8 on (test/ecosystem tries both).
const ATTW = ['--profile', 'esm-only', '--format', 'ascii', '--no-emoji', '--no-summary', '--quiet'];

/** Runs a program of FOLDER, whose output is shown if it finds something; true if it finds nothing. */
function finds(program, args) {
  const file = join(FOLDER, 'node_modules', program);
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], { encoding: 'utf8' });
  if (status !== 0) console.error(stdout + stderr);
  return status !== 0;
}

await runScript(async () => {
  if (!hasPackages(FOLDER)) await installPackages(`lint: installing ${FOLDER}/node_modules`, FOLDER);
  const folder = mkdtempSync(join(tmpdir(), 'vitrine-lint-'));
  try {
    await step('lint: packing', 'npm', ['pack', '--ignore-scripts', '--pack-destination', folder]);
    const [tarball] = readdirSync(folder);
    const found = [
      finds('publint/src/cli.js', ['run', join(folder, tarball), '--strict']),
      finds('@arethetypeswrong/cli/dist/index.js', [join(folder, tarball), ...ATTW]),
    ];
    process.exitCode = found.includes(true) ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
