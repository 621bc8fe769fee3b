// What installs packages.

import assert from 'node:assert/strict';
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { delimiter } from 'node:path';
import { assertStepped, cleanEnvironment, Project, STEP, STEP_CJS } from './project.mjs';
import { programOf } from './tools.mjs';

const COMPILERS = [
  'cc',
  'c++',
  'gcc',
  'g++',
  'clang',
  'clang++',
  'make',
  'cmake',
  'ninja',
  'python',
  'python3',
  'node-gyp',
];

const project = (context, name, manifest) =>
  new Project(context, name, manifest).write('step.mjs', STEP).write('step.cjs', STEP_CJS);

/** The environment in which what compiles is noted in a file, and fails. */
function withoutCompilers(own) {
  for (const name of COMPILERS) {
    own.write(`compilers/${name}`, `#!/bin/sh\necho "${name} $*" >> "$(dirname "$0")/called"\nexit 1\n`);
    chmodSync(own.path('compilers', name), 0o755);
  }
  return cleanEnvironment({ PATH: `${own.path('compilers')}${delimiter}${process.env.PATH}` });
}

const packages = (own) => own.run('npm', ['ls', '--all', '--parseable']).stdout.trim().split('\n').length - 1;

/** npm install and npm ci with a lockfile, whose every call of a compiler is noted. */
function npm(context) {
  const own = project(context, 'npm');
  const env = withoutCompilers(own);
  const start = performance.now();
  own.npm(undefined, { env });
  assertStepped(own.node(['step.mjs'], { env }));
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  rmSync(own.path('node_modules'), { recursive: true });
  own.npm(['ci', '--omit=optional'], { env });
  assertStepped(own.node(['step.cjs'], { env }));
  assert.equal(existsSync(own.path('compilers/called')), false, 'a compiler was called');
  const lean = packages(own);
  assert.ok(lean <= 8, `${lean} packages without sharp`);
  own.npm(['install', '--include=optional'], { env });
  const whole = packages(own);
  assert.ok(whole <= 14, `${whole} packages with sharp`);
  assert.equal(existsSync(own.path('compilers/called')), false, 'a compiler was called');
  return `install, ci, no compiler called; ${lean} packages, ${whole} with sharp; install and first step in ${seconds} s`;
}

function pnpm(context) {
  const own = project(context, 'pnpm');
  const program = programOf('pnpm');
  own.node([program, 'add', context.tarball, '--no-optional']);
  for (const file of ['step.mjs', 'step.cjs']) assertStepped(own.node([file]));
  return `${context.versionOf('pnpm')}, without optional packages`;
}

/** With Plug and Play, where packages may import what they name and nothing else. */
function yarn(context, { manifest, image, told }) {
  const own = project(context, 'yarn', manifest);
  const program = programOf('@yarnpkg/cli-dist', 'yarn');
  own.write('.yarnrc.yml', 'nodeLinker: pnp\nenableTelemetry: false\nenableGlobalCache: true\n').write('yarn.lock', '');
  own.write('nothing/package.json', '{ "name": "nothing", "version": "1.0.0" }').write('image.mjs', IMAGE);
  own.node([program, 'add', `vitrine@file:${context.tarball}`]);
  for (const file of ['step.mjs', 'step.cjs']) assertStepped(own.node([program, 'node', file]));
  assert.match(own.node([program, 'node', 'image.mjs']).stdout, image);
  return `${context.versionOf('@yarnpkg/cli-dist')}, ${told}`;
}

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==';
const IMAGE = `import { writeFileSync } from 'node:fs'; import { data } from 'vitrine';
writeFileSync('a.png', Buffer.from('${PNG}', 'base64'));
const settings = { resize: 8, crop: [8, 8], interpolation: 'bilinear', mean: [0], std: [1] };
await data.loadImages(['a.png'], settings).then(({ shape }) => console.log('read', shape.join()), (error) => console.log(error.message));`;

const withSharp = { image: /^read 1,1,8,8$/m, told: 'an image is read by sharp' };
/** Yarn has no flag that leaves optional packages out: an empty one is put in sharp's place. */
const withoutSharp = {
  manifest: { resolutions: { sharp: 'link:./nothing' } },
  image: /Expected the package sharp, which decodes images, but .*`npm install sharp`/,
  told: 'one sentence where an image is read',
};

export const cases = [
  { name: 'npm install, npm ci', needs: [], run: npm },
  { name: 'pnpm', needs: ['pnpm'], run: pnpm },
  { name: 'Yarn, Plug and Play', needs: ['@yarnpkg/cli-dist'], run: (context) => yarn(context, withSharp) },
  { name: 'Yarn, without sharp', needs: ['@yarnpkg/cli-dist'], run: (context) => yarn(context, withoutSharp) },
];
