// The packages of a folder with a lock: whether they are there as the lock says, and what puts them there.

import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { step } from './step.mjs';

/** Whether `node_modules` of a folder holds what its lock says; some optional packages are of other platforms. */
export function hasPackages(folder) {
  const packages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
  const installedFile = join(folder, 'node_modules/.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const installed = packages(installedFile);
  return Object.entries(packages(join(folder, 'package-lock.json'))).every(
    ([path, wanted]) =>
      path === '' ||
      (installed[path] ? installed[path].integrity === wanted.integrity : wanted.optional || wanted.devOptional),
  );
}

/** Whether a folder can be made and written to: its nearest ancestor that is there may be. */
function isWritable(path) {
  if (!existsSync(path)) return dirname(path) !== path && isWritable(dirname(path));
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Installs what a folder's lock says, as a step of that label. */
export async function installPackages(label, folder) {
  const args = ['ci', '--include=dev', '--include=optional', '--ignore-scripts', '--no-audit', '--no-fund'];
  // npm cannot install without a cache, which is in the home folder; not every account has one to write to.
  const usual = process.env.npm_config_cache ?? join(homedir(), '.npm');
  const cache = isWritable(usual) ? undefined : mkdtempSync(join(tmpdir(), 'vitrine-npm-'));
  try {
    await step(label, 'npm', cache === undefined ? args : [...args, '--cache', cache], { cwd: folder });
  } finally {
    if (cache !== undefined) rmSync(cache, { recursive: true, force: true });
  }
}
