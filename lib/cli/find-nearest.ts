import { expected, printable, Text } from '../check.js';
import { loadImages } from '../data/load-images.js';
import { read } from '../features/files.js';
import { nearest } from '../features/nearest.js';
import { writeFileAtomically } from '../io/formats/atomic-file.js';
import { formatCount } from '../report/format.js';
import { neighboursPage } from '../report/neighbours-page.js';
import { placeOf } from './embed-images.js';
import { imageInputs } from './image-inputs.js';
import { openModel } from './open-model.js';
import { checkOutputFile } from './output-file.js';

/** What `vitrine nearest` is told. */
export interface NearestSettings {
  readonly features: string;
  readonly model?: string;
  readonly k: number;
  readonly html?: string;
  readonly json: boolean;
}

/** Finds the images that are most like one, tells them, and shows them on a page. */
export async function findNearest(image: string, settings: NearestSettings): Promise<void> {
  if (settings.html !== undefined) await checkOutputFile(settings.html, '--html');
  const { facts, ...base } = await read(settings.features);
  const path = settings.model ?? facts.model;
  if (path === undefined) throw expected('--model <path>', 'features that do not name theirs', new Text('none'));
  const [input, ...others] = await imageInputs([image]);
  if (input === undefined || others.length > 0) throw expected('one image', 'nearest', image);
  const model = await openModel(path);
  const preprocessing = facts.preprocessing ?? model.pretrainedConfig;
  if (preprocessing === undefined) {
    throw expected('a model that says how images are prepared', 'nearest', new Text('one that does not'));
  }
  const { pool = 'head', layers } = facts;
  using pixels = await loadImages([input.file], preprocessing);
  using vector = model.features(pixels, { pool, ...(layers !== undefined && { layers }) });
  const query = { values: Float32Array.from(await vector.data()), count: 1, width: vector.shape[1] };
  const k = Math.min(settings.k, base.count);
  const { indices, similarities } = await nearest(base, query, { k });
  const found = Array.from(indices, (index, i) => ({
    image: base.images?.[index] ?? `row ${index}`,
    similarity: similarities[i],
    ...(base.labels && { label: base.classes?.[base.labels[index]] ?? String(base.labels[index]) }),
  }));
  if (settings.json) console.log(JSON.stringify({ image: input.name, nearest: found }, null, 2));
  else {
    for (const { image: name, similarity } of found)
      console.log(`${similarity.toFixed(4).padStart(8)}  ${printable(name)}`);
  }
  if (settings.html === undefined) return;
  const shown = found.map((each) => ({ ...each, file: placeOf(each.image, facts.folder) }));
  const searched = `${formatCount(base.count)} images of ${facts.folder ?? settings.features}`;
  const page = await neighboursPage({ image: input.name, file: input.file }, shown, searched);
  await writeFileAtomically(settings.html, [Buffer.from(page)]);
  if (!settings.json) console.log(`  ${settings.html}`);
}
