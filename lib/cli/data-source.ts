import { expected, shapeText, Text } from '../check.js';
import { type ArrayDataset, digitsPath, loadIdxDataset } from '../data/dataset.js';
import type { ImageList } from '../data/sets/list.js';
import type { PretrainedModel } from '../io/pretrained/families.js';
import type { Preprocessing } from '../io/pretrained/preprocessing.js';
import { type Corrupt, decodeSet } from './image-data.js';

/** Reads a part of the IDX files in `folder`, or of the bundled digits when that is null. */
export function loadIdx(folder: string | null, part: 'train' | 'test'): Promise<ArrayDataset> {
  return loadIdxDataset(folder ?? digitsPath, part);
}

/** Decodes sets of images one after the other, and tells on stderr how it goes and what could not be read. */
export async function decodeSets(
  sets: readonly ImageList[],
  preprocessing: Preprocessing,
  quiet: boolean,
  signal?: AbortSignal,
): Promise<ArrayDataset[]> {
  const count = sets.reduce((sum, { length }) => sum + length, 0);
  const show = !quiet && process.stderr.isTTY === true;
  const decoded: ArrayDataset[] = [];
  const corrupt: Corrupt[] = [];
  let before = 0;
  for (const images of sets) {
    const result = await decodeSet(images, preprocessing, (done) => {
      signal?.throwIfAborted();
      if (show && done % 50 === 0) process.stderr.write(`\r\x1b[2Kreading image ${before + done} of ${count}`);
    });
    before += images.length;
    decoded.push(result.set);
    corrupt.push(...result.corrupt);
  }
  if (show) process.stderr.write('\r\x1b[2K');
  for (const { reason } of corrupt) console.error(`vitrine: Left out: ${reason}`);
  return decoded;
}

/** Throws unless the model takes such images and knows all their classes. */
export function checkDataFits(
  { config }: PretrainedModel,
  { shape, numClasses }: Pick<ArrayDataset, 'shape' | 'numClasses'>,
  where: string,
): void {
  const size = Array.isArray(config.imgSize) ? config.imgSize : [config.imgSize, config.imgSize];
  const wanted = [config.inChans, ...size];
  if (shapeText(wanted) !== shapeText(shape)) {
    throw expected(`images of shape ${shapeText(wanted)}`, where, new Text(shapeText(shape)));
  }
  if (numClasses > config.numClasses) {
    throw expected(`labels below ${config.numClasses}`, where, numClasses - 1, 'The model was not made for this data.');
  }
}
