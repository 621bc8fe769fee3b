// Makes this tree ready to run, doing only what is missing: system packages, node_modules, the addon, dist.
// Silent, and done within 0.3 s, when nothing is; a line with a count and the time while something is made. It serves a clone and an installed package (npx vitrine setup) alike;
// the latter has its dist and its dependencies already, and needs the addon only.
//
//   node scripts/setup.mjs [--check] [--dev]
//     --check  only tells what is there and what is missing; exit code 1 if anything is
//     --dev    asks for the tools of `npm run lint` and `npm run sanitize` as well

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contentOf, fingerprint, listFiles, nativeSources, readStamp, writeStamp } from './setup/freshness.mjs';
import { withLock } from './setup/lock.mjs';
import { hasPackages, installPackages } from './setup/npm.mjs';
import { runScript, StepError, step } from './setup/step.mjs';
import { findCompiler, install, NEEDS } from './setup/system.mjs';

const OLDEST_NODE = [20, 19];
const ADDON = 'build/Release/vitrine.node';
const ADDON_STAMP = 'build/Release/vitrine.stamp';
const DIST_STAMP = 'dist/.stamp';
const SOURCE_DIRECTORIES = ['lib', 'test', 'bench', 'examples'];

const isClone = () => existsSync('package-lock.json');

/** Node's own headers beside the running node, so that node-gyp need not download them. */
function nodeDirectory() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include/node/node_api.h')) ? prefix : undefined;
}

const hasDependencies = () => !isClone() || hasPackages('.');

const addonStamp = () => `${process.platform} ${process.arch}\n${fingerprint(nativeSources(), [process.env.CXX])}`;

const typeScriptSources = () => SOURCE_DIRECTORIES.flatMap((path) => listFiles(path, (file) => file.endsWith('.ts')));
const bundled = () => [
  ...['web', 'scripts/bundle-library'].flatMap((path) => listFiles(path)),
  ...['scripts/bundle-web.mjs', 'scripts/bundle-library.mjs'],
];
const distStamp = () => fingerprint([...typeScriptSources(), ...bundled(), 'tsconfig.json', 'package.json'], []);

/** What the sources here say that the addon and its TypeScript know of each other (scripts/generate/stamp.mjs). */
const interfaceOfSources = () => /kInterface\[\] = "(\w+)"/.exec(readFileSync('native/binding/interface.h', 'utf8'))[1];

/**
 * Why the addon does not serve: it does not load, in a process of its own, which a file cut short would kill, or it is of another
 * interface; undefined where it serves.
 */
function whyNotLoaded(file) {
  const load = `const addon = { exports: {} }; process.dlopen(addon, ${JSON.stringify(resolve(file))}); console.log(addon.exports.interface);`;
  // What the addon reads of the environment is of no concern here: a wrong value is not mended by building again.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITRINE_|NODE_)/.test(name)));
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['-e', load], { encoding: 'utf8', env });
  if (status === 0) {
    const [expected, received] = [interfaceOfSources(), stdout.trim()];
    return received === expected ? undefined : `its interface is ${received}, and the sources' is ${expected}`;
  }
  return /^\w*Error: (.*)/m.exec(stderr)?.[1] ?? `loading it ended with ${signal ?? `exit code ${status}`}`;
}

/**
 * Whether the addon is there, of the sources as they are, and loads: built here, or as a binary that `npm run prebuild` has
 * made, anywhere; `damage` says why it does not load.
 */
function inspectAddon() {
  if (existsSync(ADDON) && readStamp(ADDON_STAMP) === addonStamp()) {
    const damage = whyNotLoaded(ADDON);
    return { present: damage === undefined, file: ADDON, damage };
  }
  const packed = packedAddon();
  if (packed === undefined) return { present: false, file: ADDON };
  // What was built here, of other sources, would be loaded first.
  return { present: !existsSync(ADDON), file: packed, packed: true };
}

/** The binary for this platform among prebuilds/: in an installed package the one that came with it, in a clone of these sources. */
function packedAddon() {
  const names = [
    `${process.platform}-${process.arch}`,
    ...['glibc', 'musl'].map((libc) => `linux-${process.arch}-${libc}`),
  ];
  const isOfTheseSources = (name) => readStamp(join('prebuilds', name, 'vitrine.stamp')) === contentOf(nativeSources());
  return names
    .filter((name) => name.startsWith(`${process.platform}-`) && existsSync(join('prebuilds', name, 'vitrine.node')))
    .filter((name) => !isClone() || isOfTheseSources(name))
    .map((name) => join('prebuilds', name, 'vitrine.node'))
    .find((file) => whyNotLoaded(file) === undefined);
}

const hasDist = () => !isClone() || readStamp(DIST_STAMP) === distStamp();

/** Libraries that `VITRINE_GEMM` may name; without them, tests of them are skipped. */
const OPTIONAL = ['openblas', 'onednn'];

/** What is missing, in the order in which it is made: needs of the system, then parts of the tree. */
function inspect({ check, dev }) {
  const { present: addon, file, damage, packed } = inspectAddon();
  const forBuild = (addon || packed) && !check ? [] : ['compiler', 'make', 'python', 'highway'];
  const needs = [...forBuild, ...(dev ? ['cmake', 'clangFormat', 'clangTidy'] : [])];
  // In a clone they are among the dependencies.
  const nodeGyp = isClone() || forBuild.length === 0 || findNodeGyp() !== undefined;
  const parts = { dependencies: hasDependencies(), nodeGyp, addon, dist: hasDist() };
  const system = needs.filter((need) => !NEEDS[need].present());
  return {
    needs,
    system,
    parts,
    file,
    damage,
    packed,
    complete: system.length === 0 && Object.values(parts).every(Boolean),
  };
}

function report({ needs, system, parts, file, damage, complete }) {
  const lines = [
    ...needs.map((need) => [!system.includes(need), NEEDS[need].name]),
    [
      parts.addon,
      `${file}, ${damage === undefined ? 'built from the sources as they are' : `which does not load: ${damage}`}`,
    ],
    ...(isClone()
      ? [
          [parts.dependencies, 'node_modules, as package-lock.json says'],
          [parts.dist, 'dist, compiled from the sources as they are'],
        ]
      : [[parts.nodeGyp, 'node-gyp and node-addon-api, which build the addon']]),
  ];
  for (const [present, name] of lines) console.log(`${present ? 'present' : 'MISSING'}  ${name}`);
  for (const { name, present } of OPTIONAL.map((need) => NEEDS[need])) {
    if (!present()) console.log(`absent   ${name} (optional: tests compare products with it)`);
  }
  process.exitCode = complete ? 0 : 1;
}

/**
 * The node-gyp of this tree, or of the project around it, or npm's own; undefined where there is none, or no node-addon-api, which
 * it needs and which has no other place.
 */
function findNodeGyp() {
  const { resolve: find } = createRequire(import.meta.url);
  const npm = process.env.npm_execpath ?? join(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js');
  const found = [() => find('node-gyp/bin/node-gyp.js'), () => createRequire(npm).resolve('node-gyp/bin/node-gyp.js')];
  for (const look of found) {
    try {
      find('node-addon-api');
      return look();
    } catch {
      // The next place.
    }
  }
  return undefined;
}

async function buildAddon(damage) {
  if (damage !== undefined) {
    console.log(`setup: ${ADDON} does not load, so it is built again: ${damage}`);
    // Make would take a damaged file, younger than its objects, for done.
    for (const file of [ADDON, 'build/Release/obj.target/vitrine.node']) rmSync(file, { force: true });
  }
  const compiler = findCompiler();
  const headers = process.env.npm_config_nodedir ?? nodeDirectory();
  const args = ['configure', 'build', '--jobs', String(availableParallelism())];
  if (headers !== undefined) args.push('--nodedir', headers);
  // Taken before the build: a source that changes meanwhile makes the next setup build again.
  const stamp = addonStamp();
  // Make does not see that objects are of another platform, as when a container and its host share the tree.
  const platform = (text) => text.split('\n')[0];
  if (platform(readStamp(ADDON_STAMP) ?? stamp) !== platform(stamp)) rmSync('build', { recursive: true });
  // GCC leaves headers out of a file's dependencies when it sees them first inside a system header, as Highway's
  // foreach_target.h makes it see the kernels' own: so the kernels are built anew whenever one of those changed.
  const objects = 'build/Release/obj.target/vitrine/native';
  const built = statSync(ADDON, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (listFiles('native', (file) => file.endsWith('-inl.h')).some((file) => statSync(file).mtimeMs > built)) {
    for (const folder of ['kernels', 'gemm']) rmSync(join(objects, folder), { recursive: true, force: true });
  }
  const nodeGyp = findNodeGyp();
  if (nodeGyp === undefined) {
    throw new StepError(
      'Expected node-gyp and node-addon-api, which build the addon, but they are not installed. Run this, then try again:\n  npm install --no-save node-gyp node-addon-api',
    );
  }
  const env = compiler === 'g++' ? process.env : { ...process.env, CXX: compiler };
  const count = readFileSync('native/sources.txt', 'utf8').split('\n').filter(Boolean).length;
  // Not packed, since npm would build wherever it finds one.
  const described = existsSync('binding.gyp');
  if (!described) writeFileSync('binding.gyp', '{ "includes": ["native/vitrine.gypi"] }\n');
  try {
    await step('setup: building the addon', process.execPath, [nodeGyp, ...args], {
      env,
      items: { pattern: /^ +CXX\(/gm, count },
    });
  } finally {
    if (!described) rmSync('binding.gyp', { force: true });
  }
  // The linker leaves symbols to node, so a missing one shows only here.
  const reason = whyNotLoaded(ADDON);
  if (reason !== undefined) throw new StepError(`Expected ${ADDON} to load but received an error: ${reason}`);
  writeStamp(ADDON_STAMP, stamp);
}

async function buildDist() {
  const stamp = distStamp();
  const compiler = 'node_modules/typescript/bin/tsc';
  await step('setup: compiling lib, test, bench and examples', process.execPath, [compiler, '-p', '.']);
  await step('setup: checking web', process.execPath, [compiler, '-p', 'web']);
  await step('setup: bundling web', process.execPath, ['scripts/bundle-web.mjs']);
  await step('setup: bundling the library', process.execPath, ['scripts/bundle-library.mjs']);
  // What a source that is gone had left behind would still run: mocha takes every test file of dist.
  const outputs = new Set(typeScriptSources().map((file) => join('dist', file.slice(0, -'.ts'.length))));
  const isBundle = (file) => ['web', 'package'].some((folder) => file.startsWith(join('dist', folder)));
  const compiled = (file) => /\.(js|d\.ts|js\.map)$/.test(file) && !isBundle(file);
  const stale = listFiles('dist', compiled).filter((file) => !outputs.has(file.replace(/\.(js|d\.ts|js\.map)$/, '')));
  for (const file of stale) rmSync(file);
  writeStamp(DIST_STAMP, stamp);
}

async function makeComplete(options) {
  const { system, parts, damage, packed } = inspect(options);
  if (system.length > 0) await install(system, OPTIONAL);
  if (!parts.dependencies) await installPackages('setup: installing node_modules', '.');
  if (!parts.addon && packed) rmSync(ADDON, { force: true });
  else if (!parts.addon) await buildAddon(damage);
  if (!parts.dist) await buildDist();
}

async function main(args) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new StepError(
      `Expected Node.js >= ${OLDEST_NODE.join('.')} but received ${process.version}. Install a newer one.`,
    );
  }
  const unknown = args.find((arg) => arg !== '--check' && arg !== '--dev');
  if (unknown !== undefined) throw new StepError(`Expected --check or --dev but received ${unknown}.`);
  const options = { check: args.includes('--check'), dev: args.includes('--dev') };

  process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
  const found = inspect(options);
  if (options.check) report(found);
  else if (!found.complete) await withLock('.setup.lock', () => makeComplete(options));
}

await runScript(main);
