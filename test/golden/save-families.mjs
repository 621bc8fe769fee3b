// Reads the families' checkpoints and writes each in the layout that it came in, for check_families.py:
// node test/golden/save-families.mjs OUT (after npm start)
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Model } from '../../dist/lib/index.js';

const golden = fileURLToPath(new URL('.', import.meta.url));
const [out] = process.argv.slice(2);
for (const { name, layout, file, options } of JSON.parse(readFileSync(`${golden}families.json`, 'utf8')).cases) {
  const folder = `${golden}families/${name}`;
  const model = await Model.fromPretrained(file ? `${folder}/${file}` : folder, options ?? {});
  mkdirSync(`${out}/${name}`, { recursive: true });
  const to = layout === 'hf' ? `${out}/${name}` : `${out}/${name}/model.safetensors`;
  await model.save(to, { layout }).catch(({ message }) => console.log(name, message));
  model.dispose();
}
