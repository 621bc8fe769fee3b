// Exports models of many options as ONNX, with images and logits, for check_onnx.py.
// Run: node test/golden/export-models.mjs FOLDER   (after npm run setup)

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { io, noGrad, randn, scope } from '../../dist/lib/index.js';
import { models } from './vit-choices.mjs';

const [folder, limit = 'Infinity'] = process.argv.slice(2);
const [cases, tensors] = [[], new Map()];
for (const [options, model] of models()) {
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
