// Saves models of many options in every layout that takes them, with images and logits, for check_saved.py.
// Run: node test/golden/save-models.mjs FOLDER   (after npm run setup)

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { io, noGrad, randn, scope } from '../../dist/lib/index.js';
import { objections, savedLayouts } from '../../dist/lib/io/pretrained/layouts/objections.js';
import { models } from './vit-choices.mjs';

const [folder] = process.argv.slice(2);
const [cases, tensors] = [[], new Map()];
for (const [options, model] of models()) {
  const layouts = savedLayouts.filter(
    (layout) => layout !== 'vitrine' && objections(model.config, layout).length === 0,
  );
  if (layouts.length === 0) continue; // one that only we have
  const { imgSize, inChans } = model.config;
  const images = randn([2, inChans, ...[imgSize, imgSize].flat().slice(0, 2)]);
  const logits = scope(() => noGrad(() => model.forward(images)));
  for (const layout of layouts) {
    const path = join(folder, `${cases.length}${layout === 'hf' ? '' : '.safetensors'}`);
    await model.save(path, { layout });
    tensors.set(`${cases.length}.x`, images).set(`${cases.length}.logits`, logits);
    cases.push({ layout, path, options, config: model.config });
  }
  model.dispose();
}
await io.saveSafetensors(join(folder, 'tensors.safetensors'), tensors);
writeFileSync(join(folder, 'cases.json'), JSON.stringify(cases));
