import { stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { expected, Text } from '../check.js';
import { DataLoader } from '../data/loader.js';
import type { Dataset } from '../data/sets/dataset.js';
import { ImageList } from '../data/sets/list.js';
import { nameOf } from '../data/sets/sample.js';
import { type FeatureBatch, featureBatches } from '../features/extract.js';
import { indexPath, writeRows } from '../features/files.js';
import type { FeatureOptions } from '../nn/features.js';
import type { PrecisionChoice } from '../precision.js';
import { formatCount } from '../report/format.js';
import { CountProgress } from './count-progress.js';
import { holdsIdx } from './image-data.js';
import { imageInputs } from './image-inputs.js';
import type { Interruption } from './interrupt.js';
import { openModel } from './open-model.js';
import { checkOutputFile } from './output-file.js';
import { packedFiles, packedImages } from './packed-data.js';

/** What `vitrine embed` is told. */
export interface EmbedSettings extends Pick<FeatureOptions, 'pool' | 'layers' | 'normalize'> {
  readonly model: string;
  readonly out: string;
  readonly batchSize: number;
  readonly precision: PrecisionChoice;
  readonly force: boolean;
}

/** Images to be looked at once, and what rows are called. */
interface Source {
  readonly set: Dataset;
  readonly names: readonly string[];
  /** Whether the set's classes are known, or made up. */
  readonly labelled: boolean;
}

/** Writes the features of a folder's images, batch by batch, and says where. */
export async function embedImages(folder: string, settings: EmbedSettings, { signal }: Interruption): Promise<void> {
  const { model: path, out, batchSize, precision, force, ...vectors } = settings;
  const index = indexPath(out);
  for (const path of [out, index]) await checkOutputFile(path, '--out');
  await checkFree(out, index, force);
  const source = await imagesOf(folder);
  const model = await openModel(path);
  const preprocessing = model.pretrainedConfig;
  if (preprocessing === undefined) {
    throw expected('a model that says how images are prepared', 'embed', new Text('one that does not'));
  }
  const skipped: { image: string; reason: string }[] = [];
  const progress = new CountProgress(process.stderr, 'embed');
  await using loader = new DataLoader<Dataset>(source.set, {
    ...{ batchSize, preprocessing, cache: 'none', maxCorrupt: 1, prefetch: 2 },
    onCorrupt: (message) => {
      progress.end();
      console.error(`vitrine: ${message}`);
      const image = loader.corrupt.at(-1) ?? '';
      skipped.push({ image: within(folder, image), reason: message.replace(/^Left out: /, '') });
    },
  });
  const onProgress = (done: number, count: number): void => progress.step(done, count);
  const batches = featureBatches(model, loader, { ...vectors, precision, signal, onProgress });
  const rows = new Rows(batches, source);
  try {
    const { count, width } = await writeRows(
      out,
      rows.values(),
      () => rows.width,
      () => {
        const { layout: _layout, labels: _labels, cropPct: _pct, ...prepared } = preprocessing;
        const facts = {
          ...{ model: resolve(path), pool: vectors.pool ?? 'head', normalize: vectors.normalize === true },
          ...(vectors.layers !== undefined && { layers: vectors.layers }),
          ...{ preprocessing: prepared, folder: resolve(folder), skipped },
        };
        return { facts, listed: rows.listed() };
      },
    );
    progress.end();
    const left = skipped.length === 0 ? '' : `, ${formatCount(skipped.length)} left out`;
    console.log(
      `${formatCount(count)} ${count === 1 ? 'image' : 'images'}, ${formatCount(width)} numbers each${left}\n  ${out}\n  ${index}`,
    );
  } finally {
    progress.end();
  }
}

/** Rows as they come, and of which images they are. */
class Rows {
  width = 0;
  readonly #indices: number[] = [];

  constructor(
    readonly batches: AsyncIterable<FeatureBatch>,
    readonly source: Source,
  ) {}

  async *values(): AsyncGenerator<Float32Array> {
    for await (const { values, width, indices } of this.batches) {
      this.width = width;
      this.#indices.push(...indices);
      yield values;
    }
  }

  listed(): { images: string[]; labels?: Int32Array; classes?: readonly string[] } {
    const { set, names, labelled } = this.source;
    const images = this.#indices.map((i) => names[i]);
    if (!labelled || set.labels === undefined || set.classes === undefined) return { images };
    const { labels, classes } = set;
    return { images, labels: Int32Array.from(this.#indices, (i) => labels[i]), classes };
  }
}

async function checkFree(out: string, index: string, force: boolean): Promise<void> {
  if (force) return;
  for (const path of [out, index]) {
    if ((await stat(path).catch(() => undefined)) === undefined) continue;
    throw expected(
      'a path where nothing is',
      path,
      new Text('a file'),
      'Choose another one, or replace it with --force.',
    );
  }
}

/**
 * The images of a folder and below, by their paths from there; the class of each is the folder above it, where every one
 * lies in one. Or those of Parquet files, tar archives and lists.
 */
async function imagesOf(folder: string): Promise<Source> {
  const packed = await packedFiles(folder);
  if (packed !== undefined) {
    const { train, val, test } = await packedImages(packed, { seed: 0 });
    const parts = [train, val, test].filter((part) => part !== undefined);
    const images = parts.flatMap((part) => part.images);
    const labels = Int32Array.from(parts.flatMap((part) => [...part.labels]));
    return { set: new ImageList(images, labels, train.classes), names: images.map(nameOf), labelled: true };
  }
  if (holdsIdx(folder)) {
    const advice = 'features.extract takes what data.loadIdxDataset reads.';
    throw expected('a folder of image files', folder, new Text('IDX files'), advice);
  }
  const files = (await imageInputs([folder])).map(({ name }) => name);
  const names = files.map((file) => within(folder, file));
  const above = names.map((name) => name.split('/').at(-2));
  const classes = [...new Set(above)].filter((name) => name !== undefined).sort((a, b) => (a < b ? -1 : 1));
  const labelled = above.every((name) => name !== undefined);
  const labels = Int32Array.from(above, (name) => (labelled ? classes.indexOf(name ?? '') : 0));
  return { set: new ImageList(files, labels, labelled ? classes : ['']), names, labelled };
}

/** A path from a folder on, with the same strokes on every system. */
function within(folder: string, path: string): string {
  return relative(folder, path).replaceAll('\\', '/');
}

/** Where an image of an index is. */
export function placeOf(image: string, folder: string | undefined): string {
  return folder === undefined ? image : join(folder, image);
}
