import { expected, listed, quoted, Text } from '../check.js';
import { extract } from '../features/extract.js';
import type { FeatureSet } from '../features/feature-set.js';
import { read } from '../features/files.js';
import type { PretrainedModel } from '../io/pretrained/families.js';
import type { FeaturePool } from '../nn/features.js';
import { CountProgress } from './count-progress.js';
import { findImages } from './image-data.js';

/** Features to learn from, and to be judged by. */
export interface FeatureParts {
  readonly train: FeatureSet;
  readonly test: FeatureSet | undefined;
}

/** Those of two files, with the classes of the first. @throws TypeError for classes that the first has not */
export async function featuresOfFiles(train: string, test: string | undefined): Promise<FeatureParts> {
  const known = await read(train);
  if (test === undefined) return { train: known, test: undefined };
  const { classes, labels, ...other } = await read(test);
  if (classes === undefined || labels === undefined || known.classes === undefined) {
    return { train: known, test: { ...other, ...(labels && { labels }) } };
  }
  const numbers = classes.map((name) => known.classes?.indexOf(name) ?? -1);
  const unknown = classes.filter((_, i) => numbers[i] === -1);
  if (unknown.length > 0) {
    const received = new Text(listed(unknown.map(quoted)));
    throw expected(`classes among ${listed(known.classes.map(quoted))}`, test, received);
  }
  return { train: known, test: { ...other, labels: labels.map((label) => numbers[label]), classes: known.classes } };
}

/** How a folder's features are made. */
export interface ExtractSettings {
  readonly pool: FeaturePool;
  readonly layers?: number | readonly number[];
  readonly batchSize: number;
  readonly signal?: AbortSignal;
}

/** Those of a folder's images: its `val` or `test` part to be judged by, or else a fifth of each class. */
export async function featuresOfFolder(
  model: PretrainedModel,
  folder: string,
  settings: ExtractSettings,
): Promise<FeatureParts & { test: FeatureSet }> {
  const { pool, layers, batchSize, signal } = settings;
  const asked = { pool, batchSize, ...(layers !== undefined && { layers }), ...(signal && { signal }) };
  const { train, test } = await findImages(folder, { valSplit: undefined, seed: 0 });
  const progress = new CountProgress(process.stderr, 'features');
  const total = train.length + test.length;
  const onCorrupt = (message: string): void => {
    progress.end();
    console.error(`vitrine: ${message}`);
  };
  const of = (set: typeof train, before: number): Promise<FeatureSet> =>
    extract(model, set, { ...asked, onCorrupt, onProgress: (done) => progress.step(before + done, total) });
  try {
    return { train: await of(train, 0), test: await of(test, train.length) };
  } finally {
    progress.end();
  }
}
