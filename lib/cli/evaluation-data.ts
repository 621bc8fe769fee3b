import { expected, listed, quoted, Text } from '../check.js';
import type { ArrayDataset } from '../data/dataset.js';
import { imageFolder } from '../data/sets/image-folder.js';
import { ImageList } from '../data/sets/list.js';
import type { ViT } from '../nn/vit/vit.js';
import { checkDataFits, decodeSets, loadIdx } from './data-source.js';
import { findImages, holdsIdx } from './image-data.js';
import { packedFiles, packedImages } from './packed-data.js';
import type { ReadRunConfig } from './run-config.js';

/**
 * The images to test a model with: those that its run set apart, or else, of a folder that is named, its `val` or its
 * `test` part, or all of it. Classes are known by their names.
 *
 * @param folder null for the bundled digits
 * @param own of the run, where the folder is that of its training
 */
export async function evaluationData(
  model: ViT,
  folder: string | null,
  own: ReadRunConfig['training'] | undefined,
): Promise<ArrayDataset> {
  const where = 'the test images';
  if (folder === null || holdsIdx(folder)) {
    const test = await loadIdx(folder, 'test');
    checkDataFits(model, test, where);
    return test;
  }
  const images = own === undefined ? await namedImages(folder) : (await findImages(folder, own)).test;
  const preprocessing = model.pretrainedConfig;
  if (preprocessing === undefined) {
    throw expected('a model that says how images are prepared', 'eval', new Text('one that does not'));
  }
  const [test] = await decodeSets([byModel(images, preprocessing.labels, folder)], preprocessing, false);
  const set = { ...(test as ArrayDataset), numClasses: model.config.numClasses }; // one for one list
  checkDataFits(model, set, where);
  return set;
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
