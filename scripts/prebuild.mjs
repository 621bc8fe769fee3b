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

import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { PLATFORMS } from './prebuild/platforms.mjs';
import { compilerFor, installTools } from './prebuild/zig.mjs';
import { contentOf, nativeSources, readStamp, writeStamp } from './setup/freshness.mjs';
import { hasPackages, installPackages } from './setup/npm.mjs';
import { runScript, StepError } from './setup/step.mjs';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
/** Relative, as are all paths that zig is given: what it kept of one checkout serves another. */
const WORK = 'build-prebuild';

/** Runs `jobs`, `count` at a time; the first that fails ends it. */
async function inParallel(jobs, count) {
  const queue = [...jobs];
  const worker = async () => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) await job();
  };
  await Promise.all(Array.from({ length: count }, worker));
}

/**
 * Links `objects` with all of Node-API in the file, so that a symbol that is neither its nor the C library's fails here and not
 * where it is loaded; then, unless that is the way of the platform, as it is to be loaded.
 */
async function link(name, objects, built, { zig }) {
  const { target, link, whole, open } = PLATFORMS[name];
  // Imported here, for it reads what may have been installed just now.
  const { forwards, stubs } = await import('./prebuild/node-api.mjs');
  const nodeApi = `${built}.node-api`;
  writeFileSync(`${nodeApi}.c`, open === undefined ? forwards() : stubs());
  await zig('cc', '-target', target, '-O2', '-g0', '-c', `${nodeApi}.c`, '-o', `${nodeApi}.o`);
  const args = ['c++', '-target', target, '-shared', '-s', ...link, ...objects];
  await zig(...args, `${nodeApi}.o`, ...whole, '-o', built);
  if (open !== undefined) await zig(...args, ...open, '-o', built);
}

async function prebuild(name, tools, jobs) {
  const folder = join(WORK, name);
  const [built, file] = [join(folder, 'vitrine.node'), join('prebuilds', name, 'vitrine.node')];
  const sources = readFileSync('native/sources.txt', 'utf8').split('\n').filter(Boolean);
  const stamp = contentOf(nativeSources());
  const objects = sources.map((source) => join(folder, `${source}.o`));
  for (const object of objects) mkdirSync(dirname(object), { recursive: true });
  mkdirSync(dirname(file), { recursive: true });

  const start = performance.now();
  const argsFor = await compilerFor(name, WORK, tools);
  const compiling = sources.map(
    (source, i) => () => tools.zig(...argsFor(source), '-c', `native/${source}`, '-o', objects[i]),
  );
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
  process.chdir(ROOT);
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
  const tools = await installTools(WORK);
  for (const name of wanted) await prebuild(name, tools, jobs);
}

await runScript(main);
