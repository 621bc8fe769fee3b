// Exports models of many options as ONNX, and those of the golden families, with images and logits, for check_onnx.py.
// Run: node test/golden/export-models.mjs FOLDER   (after npm run setup)

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { io, Model, nn, noGrad, randn, scope } from '../../dist/lib/index.js';
import { models, partModels } from './vit-choices.mjs';

const golden = fileURLToPath(new URL('.', import.meta.url));

async function* all() {
  yield* families();
  yield* swins();
  yield* partModels();
  yield* models();
}

async function* families() {
  for (const { name, file, options } of JSON.parse(readFileSync(`${golden}families.json`, 'utf8')).cases) {
    yield [name, await Model.fromPretrained(join(golden, 'families', name, file ?? ''), options ?? {})];
  }
}

function* swins() {
  const size = {
    imgSize: 32,
    patchSize: 2,
    embedDim: 8,
    depths: [2, 2, 1],
    numHeads: [1, 2, 4],
    windowSize: 4,
    numClasses: 5,
  };
  for (const version of [1, 2]) {
    for (const options of [
      {},
      { imgSize: [24, 40] },
      { windowSize: [2, 4] },
      { windowSize: 7 },
      { numClasses: 0 },
      { globalPool: '' },
    ]) {
      const model = new nn.Swin({ ...size, version, ...options }).eval();
      for (const parameter of model.parameters()) nn.init.normal(parameter, 0, 0.3);
      yield [{ version, ...options }, model];
    }
  }
}

const [folder, limit = 'Infinity'] = process.argv.slice(2);
const [cases, tensors] = [[], new Map()];
for await (const [options, model] of all()) {
  if (cases.length >= Number(limit)) break;
  const { imgSize, inChans } = model.config;
  const images = randn([2, inChans, ...[imgSize, imgSize].flat().slice(0, 2)]);
  const logits = scope(() => noGrad(() => model.forward(images)));
  const path = join(folder, `${cases.length}.onnx`);
  await model.export(path, { externalData: cases.length % 20 === 1 });
  tensors.set(`${cases.length}.x`, images).set(`${cases.length}.logits`, logits);
  cases.push({ path, options });
  model.dispose();
}
await io.saveSafetensors(join(folder, 'tensors.safetensors'), tensors);
writeFileSync(join(folder, 'cases.json'), JSON.stringify(cases));
