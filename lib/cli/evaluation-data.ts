import { expected, listed, quoted, Text } from '../check.js';
import type { ArrayDataset } from '../data/dataset.js';
import { DataLoader } from '../data/loader.js';
import type { Dataset } from '../data/sets/dataset.js';
import { imageFolder } from '../data/sets/image-folder.js';
import { ImageList } from '../data/sets/list.js';
import type { PretrainedModel } from '../io/pretrained/families.js';
import { checkDataFits, decodeSets, loadIdx } from './data-source.js';
import { findImages, holdsIdx } from './image-data.js';
import { packedFiles, packedImages } from './packed-data.js';
import type { ReadRunConfig } from './run-config.js';
import type { Tta } from './tta-flag.js';
import { UsageError } from './usage-error.js';

/** What a model is tested on. */
export interface TestData {
  /** A loader is the receiver's to dispose. */
  readonly test: ArrayDataset | DataLoader<Dataset>;
  /** Of the model's classes, where they are known. */
  readonly classNames: readonly string[] | undefined;
}

/**
 * The images to test a model with: those that its run set apart, or else, of a folder that is named, its `val` or its
 * `test` part, or all of it. Classes are known by their names.
 *
 * @param folder null for the bundled digits
 * @param own of the run, where the folder is that of its training
 * @param views where they are crops, images are cut as they are looked at: by a loader, to be disposed
 */
export async function evaluationData(
  model: PretrainedModel,
  folder: string | null,
  own: ReadRunConfig['training'] | undefined,
  { batchSize, views }: { batchSize: number; views: Tta | undefined },
): Promise<TestData> {
  const where = 'the test images';
  const areCrops = views !== undefined && views !== 'flip';
  if (folder === null || holdsIdx(folder)) {
    if (areCrops) {
      const received = new Text('IDX files');
      throw new UsageError(expected('photographs', '--tta with crops', received, 'These are as large as the model.'));
    }
    const test = await loadIdx(folder, 'test');
    checkDataFits(model, test, where);
    return { test, classNames: model.pretrainedConfig?.labels };
  }
  const images = own === undefined ? await namedImages(folder) : (await findImages(folder, own)).test;
  const preprocessing = model.pretrainedConfig;
  if (preprocessing === undefined) {
    throw expected('a model that says how images are prepared', 'eval', new Text('one that does not'));
  }
  const list = byModel(images, preprocessing.labels, folder);
  // Without names of its own, the model's classes are taken for the folder's, in their order.
  const classNames = list.classes.length === model.config.numClasses ? list.classes : preprocessing.labels;
  if (areCrops) {
    const loader = new DataLoader<Dataset>(list, {
      preprocessing,
      batchSize,
      numClasses: model.config.numClasses,
      onCorrupt: (message) => console.error(`vitrine: ${message}`),
    });
    checkDataFits(
      model,
      { shape: [preprocessing.mean.length, ...preprocessing.crop], numClasses: list.classes.length },
      where,
    );
    return { test: loader, classNames };
  }
  const [test] = await decodeSets([list], preprocessing, false);
  const set = { ...(test as ArrayDataset), numClasses: model.config.numClasses }; // one for one list
  checkDataFits(model, set, where);
  return { test: set, classNames };
}

async function namedImages(folder: string): Promise<ImageList> {
  const packed = await packedFiles(folder);
  const { train, val, test } = await (packed === undefined ? imageFolder(folder) : packedImages(packed, { seed: 0 }));
  return val ?? test ?? train;
}

/** The same images with the model's numbers for their classes. */
function byModel(
  { images, labels, classes }: ImageList,
  known: readonly string[] | undefined,
  folder: string,
): ImageList {
  if (known === undefined) return new ImageList(images, labels, classes); // numbered in the same order, or refused
  const numbers = classes.map((name) => known.indexOf(name));
  const unknown = classes.filter((_, index) => numbers[index] === -1);
  if (unknown.length > 0) {
    const received = new Text(listed(unknown.map(quoted)));
    throw expected(
      `classes among ${listed(known.map(quoted))}`,
      folder,
      received,
      'The model was not made for this data.',
    );
  }
  return new ImageList(
    images,
    labels.map((label) => numbers[label]),
    known,
  );
}
