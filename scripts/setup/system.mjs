// What vitrine needs of the system: how to see that it is there, and which package of each system brings it.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { StepError, step } from './step.mjs';

const paths = (name) => (process.env[name] ?? '').split(delimiter).filter(Boolean);

function onPath(program) {
  return paths('PATH').some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The folder of headers that holds `file`. */
export const findHeader = (file) =>
  [
    ...paths('CPATH'),
    ...paths('CPLUS_INCLUDE_PATH'),
    '/usr/include',
    '/usr/local/include',
    '/opt/homebrew/include',
  ].find((directory) => existsSync(join(directory, file)));

const MULTIARCH = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch] ?? '';

function hasLibrary(...files) {
  const directories = [
    ...paths('LD_LIBRARY_PATH'),
    ...['', MULTIARCH].flatMap((sub) => [join('/usr/lib', sub), join('/usr/local/lib', sub)]),
    ...['/usr/lib64', '/usr/local/lib64', '/opt/homebrew/opt/openblas/lib', '/usr/local/opt/openblas/lib'],
  ];
  if (directories.some((directory) => files.some((file) => existsSync(join(directory, file))))) return true;
  const cache = spawnSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' }).stdout ?? '';
  return files.some((file) => cache.includes(`${file} `));
}

/** The C++20 compiler to use: $CXX, g++ or clang++, the first that knows C++20; undefined if none does. */
export function findCompiler() {
  const probe = '#include <version>\n#if !defined(__cpp_lib_span) || __cplusplus < 202002L\n#error\n#endif\n';
  const candidates = process.env.CXX ? [process.env.CXX] : ['g++', 'clang++'];
  return candidates.find(
    (compiler) => spawnSync(compiler, ['-std=c++20', '-fsyntax-only', '-x', 'c++', '-'], { input: probe }).status === 0,
  );
}

/** Each need: a name for messages, a test, and its package by package manager (none: part of the system's own tools). */
export const NEEDS = {
  compiler: {
    name: 'a C++20 compiler',
    present: () => findCompiler() !== undefined,
    packages: { apt: 'g++', dnf: 'gcc-c++', pacman: 'gcc' },
  },
  make: { name: 'make', present: () => onPath('make'), packages: { apt: 'make', dnf: 'make', pacman: 'make' } },
  python: {
    name: 'python3',
    present: () => onPath('python3'),
    packages: { apt: 'python3', dnf: 'python3', pacman: 'python', brew: 'python' },
  },
  highway: {
    name: 'the headers of Highway',
    present: () => findHeader('hwy/highway.h') !== undefined,
    packages: { apt: 'libhwy-dev', dnf: 'highway-devel', pacman: 'highway', brew: 'highway' },
  },
  openblas: {
    name: 'OpenBLAS',
    present: () => hasLibrary('libopenblas.so.0', 'libopenblas.dylib'),
    packages: { apt: 'libopenblas0-pthread', dnf: 'openblas', pacman: 'openblas', brew: 'openblas' },
  },
  onednn: {
    name: 'oneDNN',
    present: () => hasLibrary('libdnnl.so.2', 'libdnnl.so.3'),
    packages: { apt: 'libdnnl2', dnf: 'onednn', pacman: 'onednn', brew: 'onednn' },
  },
  cmake: {
    name: 'cmake',
    present: () => onPath('cmake'),
    packages: { apt: 'cmake', dnf: 'cmake', pacman: 'cmake', brew: 'cmake' },
  },
  clangFormat: {
    name: 'clang-format',
    present: () => onPath('clang-format'),
    packages: { apt: 'clang-format', dnf: 'clang-tools-extra', pacman: 'clang', brew: 'clang-format' },
  },
  clangTidy: {
    name: 'clang-tidy',
    present: () => onPath('clang-tidy'),
    packages: { apt: 'clang-tidy', dnf: 'clang-tools-extra', pacman: 'clang', brew: 'llvm' },
  },
};

const INSTALL = {
  apt: 'sudo apt-get update && sudo apt-get install -y',
  dnf: 'sudo dnf install -y',
  pacman: 'sudo pacman -S --needed',
  brew: 'brew install',
};

function packageManager() {
  if (process.platform === 'darwin') return onPath('brew') ? 'brew' : undefined;
  return Object.entries({ apt: 'apt-get', dnf: 'dnf', pacman: 'pacman' }).find(([, program]) => onPath(program))?.[0];
}

const packagesFor = (manager, needs) => [
  ...new Set(needs.map((need) => NEEDS[need].packages[manager]).filter((name) => name !== undefined)),
];

/** The sentence that names what is missing and the one command that brings it. */
export function howToInstall(needs) {
  const names = needs.map((need) => NEEDS[need].name).join(', ');
  const manager = packageManager();
  const packages = manager === undefined ? [] : packagesFor(manager, needs);
  const commands = packages.length > 0 ? [`${INSTALL[manager]} ${packages.join(' ')}`] : [];
  if (process.platform === 'darwin' && needs.some((need) => NEEDS[need].packages.brew === undefined)) {
    commands.unshift('xcode-select --install');
  }
  const how =
    commands.length > 0
      ? `Run this, then try again:\n  ${commands.join(' && ')}`
      : "Install it with your system's package manager, then try again.";
  return `Expected ${names} on this system but found none. ${how}`;
}

/** Installs what is needed, and of what is optional all that the system offers; throws a StepError where it may not. */
export async function install(needs, optional) {
  const root = process.getuid?.() === 0;
  const mayInstall = root || spawnSync('sudo', ['-n', 'true']).status === 0;
  if (packageManager() !== 'apt' || !mayInstall) throw new StepError(howToInstall(needs));

  const apt = (label, ...args) => {
    const command = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-o', 'DPkg::Lock::Timeout=300', ...args];
    return root ? step(label, command[0], command.slice(1)) : step(label, 'sudo', ['-n', ...command]);
  };
  await apt('setup: reading the list of system packages', 'update');
  const offered = packagesFor('apt', optional).filter((name) => spawnSync('apt-cache', ['show', name]).status === 0);
  const packages = [...packagesFor('apt', needs), ...offered];
  await apt(`setup: installing ${packages.join(' ')}`, 'install', '-y', '--no-install-recommends', ...packages);
  const still = needs.filter((need) => !NEEDS[need].present());
  if (still.length > 0) throw new StepError(howToInstall(still));
}
