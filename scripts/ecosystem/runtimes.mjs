// What runs JavaScript.

import assert from 'node:assert/strict';
import { assertStepped, Project, STEP, STEP_CJS } from './project.mjs';
import { binaryOf, nodeOf } from './tools.mjs';

const project = (context, name) =>
  new Project(context, name).unpack().write('step.mjs', STEP).write('step.cjs', STEP_CJS);

/** A class is the same whichever way, and by whichever path, it came. */
const SAME = `const root = require('vitrine');
import('vitrine/train').then(({ Trainer }) => console.log('same', Trainer === root.Trainer, require('vitrine/nn').ViT === root.ViT));
`;

function runs(context, file) {
  const own = project(context, 'runtime').write('same.cjs', SAME);
  for (const step of ['step.mjs', 'step.cjs']) assertStepped(own.run(file, ['--no-warnings', step]));
  assert.match(own.run(file, ['--no-warnings', 'same.cjs']).stdout, /^same true true$/m);
  return `${own.run(file, ['--version']).stdout.trim()}: import and require()`;
}

function bun(context) {
  const own = project(context, 'bun');
  for (const step of ['step.mjs', 'step.cjs']) assertStepped(own.run(binaryOf('bun'), [step]));
  return `${context.versionOf('bun')}: import and require()`;
}

function deno(context) {
  const own = project(context, 'deno');
  assertStepped(own.run(binaryOf('deno'), ['run', '-A', '--no-prompt', 'step.mjs']));
  return `${context.versionOf('deno')}, with -A`;
}

const node = (name) => ({
  name: name.replace('node-', 'Node.js '),
  needs: [name],
  run: (context) => runs(context, nodeOf(name)),
});

export const cases = [
  { name: 'Node.js, the one that runs this', run: (context) => runs(context, process.execPath) },
  ...['node-20.19.0', 'node-20', 'node-22', 'node-24', 'node-newest'].map(node),
  { name: 'Bun', needs: ['bun'], run: bun },
  { name: 'Deno', needs: ['deno'], run: deno },
];
