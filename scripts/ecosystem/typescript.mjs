// TypeScript's versions and ways of resolving, with skipLibCheck off.

import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { Project } from './project.mjs';
import { packageOf, programOf } from './tools.mjs';

const PROGRAM = `
import { autocast, Capture, crossValidate, data, evaluate, F, findLr, info, io, keep, nn, noGrad, optim, randn, render, scope, type Tensor, Trainer, type TrainerOptions, tensor, ViT } from 'vitrine';
import { Linear } from 'vitrine/nn';
import { DataLoader, type DataLoaderOptions } from 'vitrine/data';
import { readNpz } from 'vitrine/io';
import { attention } from 'vitrine/render';
import { losses } from 'vitrine/train';
export class Net extends nn.Module {
  readonly inner = this.child('inner', new Linear(2, 2));
  forward(x: Tensor) { return scope(() => F.gelu(this.inner.forward(x), { approximate: 'tanh' })); }
}
export const model = ViT.create('vit_tiny_patch16_224', { numClasses: 2 });
export const options = { model, optimizer: new optim.AdamW(model.parameters(), { lr: 1e-3 }) };
export const trainer = (more: TrainerOptions) => new Trainer(more);
export const loader = (set: data.Dataset, more: DataLoaderOptions) => new DataLoader(set, more);
export const step = new Capture(() => keep(noGrad(() => autocast('fp32', () => model.forward(randn([1, 3, 224, 224]))))));
export const files = async () => [await readNpz('a'), await io.readSafetensors('a'), await ViT.fromPretrained('a')] as const;
export const picture = attention(model, tensor([1]), { layer: 'rollout' });
export { losses, readNpz };
`;

const WAYS = {
  node16: { module: 'node16', moduleResolution: 'node16' },
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
};

function check(context, version, way, program, extra = {}, file = 'program.ts') {
  const own = new Project(context, 'typescript', { type: 'module' }).unpack();
  for (const name of ['@types/node', 'undici-types']) {
    cpSync(packageOf(name), own.path('node_modules', name), { recursive: true });
  }
  const compilerOptions = {
    ...{ ...WAYS[way], target: 'es2022', lib: ['es2022', 'esnext.disposable'], types: ['node'] },
    ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true, ...extra },
  };
  own.write(file, program).write('tsconfig.json', JSON.stringify({ compilerOptions, files: [file] }));
  own.node([programOf(`typescript-${version}`, 'tsc'), '-p', '.']);
  return own;
}

function matrix(version) {
  const run = (context) => {
    for (const way of Object.keys(WAYS)) check(context, version, way, PROGRAM);
    return `${context.versionOf(`typescript-${version}`)}: ${Object.keys(WAYS).join(', ')}`;
  };
  return { name: `TypeScript ${version}`, needs: [`typescript-${version}`, '@types/node'], run };
}

const isFunction = (value) => typeof value === 'function' && !/^class /.test(String(value));
const functionsOf = (space, prefix = '') =>
  Object.entries(space).flatMap(([name, value]) => (isFunction(value) ? [`${prefix}${name}`] : []));

/**
 * What a project that writes declarations says of vitrine's types: names that its users can import. Around each function
 * is put another, whose parameters and result a declaration must name.
 */
async function declarations(context) {
  const root = await import('../../dist/lib/index.js');
  const spaces = ['F', 'data', 'io', 'render'];
  const names = [...functionsOf(root), ...spaces.flatMap((space) => functionsOf(root[space], `${space}.`))];
  assert.ok(names.length > 150, `the functions were found: ${names.length}`);
  const wrapped = names.map(
    (name, i) => `export const wrapped${i} = (...given: Parameters<typeof all.${name}>) => all.${name}(...given);`,
  );
  const program = `${PROGRAM}import * as all from 'vitrine';\n${wrapped.join('\n')}\n`;
  for (const version of ['5.5', '7']) {
    const own = check(context, version, 'nodenext', program, { noEmit: false, declaration: true, outDir: 'out' });
    assert.doesNotMatch(own.read('out/program.d.ts'), /node_modules|vitrine\/dist/);
    assert.match(own.read('out/program.d.ts'), /wrapped0: \(.*all\.DType/s);
  }
  return `${names.length} functions' types, written into declarations, name vitrine alone`;
}

function commonJs(context) {
  const program = "import vitrine = require('vitrine');\nexport const layer = new vitrine.nn.Linear(1, 1);\n";
  check(context, '5.9', 'nodenext', program, {}, 'program.cts');
  return "5.9: import vitrine = require('vitrine') in a .cts file, from 5.8 on";
}

export const cases = [
  ...['5.2', '5.5', '5.9', '7'].map(matrix),
  { name: "a project's declarations", needs: ['typescript-5.5', 'typescript-7', '@types/node'], run: declarations },
  { name: 'TypeScript, CommonJS', needs: ['typescript-5.9', '@types/node'], run: commonJs },
];
