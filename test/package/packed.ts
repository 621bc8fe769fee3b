import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { addonPath, packageRoot } from '../../lib/native.js';
import { childEnvironment } from '../child-environment.js';

/** Where the packed binary of this platform lies in the package. */
export function packedAddon(): string {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  const libc = process.platform === 'linux' ? (header.glibcVersionRuntime === undefined ? '-musl' : '-glibc') : '';
  return join('prebuilds', `${process.platform}-${process.arch}${libc}`, 'vitrine.node');
}

/**
 * Packs this tree and unpacks it as a project's dependency, as npm would, without a registry: what it depends on is linked, but for
 * `without`. The binary of a tree that has made none is the one that runs these tests.
 *
 * @returns the project's folder
 */
export function installPacked(project: string, without: readonly string[] = []): string {
  const archives = dirname(project);
  const own = join(project, 'node_modules/vitrine');
  mkdirSync(own, { recursive: true });
  // npm packs nothing without a cache, which is in the home folder; not every account has one to write to.
  const npm = ['pack', '--ignore-scripts', '--pack-destination', archives, '--cache', join(archives, 'npm')];
  const packed = spawnSync('npm', npm, { cwd: packageRoot, encoding: 'utf8', env: childEnvironment() });
  assert.equal(packed.status, 0, packed.stderr);
  const archive = readdirSync(archives).find((name) => name.endsWith('.tgz')) ?? '';
  execFileSync('tar', ['-xf', join(archives, archive), '--strip-components=1', '-C', own], { env: childEnvironment() });
  const { dependencies } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies).filter((name) => !without.includes(name))) {
    symlinkSync(join(packageRoot, 'node_modules', name), join(project, 'node_modules', name));
  }
  const binary = join(own, packedAddon());
  if (!existsSync(binary)) {
    mkdirSync(dirname(binary), { recursive: true });
    copyFileSync(addonPath, binary);
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: basename(archives), version: '9.9.9' }));
  return project;
}
