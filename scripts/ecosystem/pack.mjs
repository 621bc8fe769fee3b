// The tarball as a release has it: with a binary for this platform, the built one where `npm run prebuild` has made none.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StepError } from '../setup/step.mjs';

/** The binary's place in the package, on this machine. */
export function packedAddon() {
  const { header } = process.report.getReport();
  const libc = process.platform === 'linux' ? (header.glibcVersionRuntime === undefined ? '-musl' : '-glibc') : '';
  return join('prebuilds', `${process.platform}-${process.arch}${libc}`, 'vitrine.node');
}

function must(command, args, options = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (status !== 0) throw new StepError(`ecosystem: ${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
}

/** Packs this tree into a folder; gives the tarball's path. */
export function packWithAddon(folder) {
  must('npm', ['pack', '--ignore-scripts', '--pack-destination', folder]);
  const tarball = join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.tgz')),
  );
  if (existsSync(packedAddon())) return tarball;
  const inside = join(folder, 'package', packedAddon());
  mkdirSync(dirname(inside), { recursive: true });
  must('tar', ['-xzf', tarball, '-C', folder]);
  copyFileSync('build/Release/vitrine.node', inside);
  must('tar', ['-czf', tarball, '-C', folder, 'package']);
  return tarball;
}
