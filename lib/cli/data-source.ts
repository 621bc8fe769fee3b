import { join } from 'node:path';
import { expected, shapeText, Text } from '../check.js';
import { type ArrayDataset, loadIdxDataset } from '../data/dataset.js';
import type { ViT } from '../nn/vit/vit.js';
import { packageRoot } from '../package-root.js';

/** Reads a part of the data in `folder`, or of the bundled digits when that is null. */
export function loadData(folder: string | null, part: 'train' | 'test'): Promise<ArrayDataset> {
  return loadIdxDataset(folder ?? join(packageRoot, 'data', 'digits'), part);
}

/** Throws unless the model takes such images and knows all their classes. */
export function checkDataFits({ config }: ViT, { shape, numClasses }: ArrayDataset, where: string): void {
  const size = Array.isArray(config.imgSize) ? config.imgSize : [config.imgSize, config.imgSize];
  const wanted = [config.inChans, ...size];
  if (shapeText(wanted) !== shapeText(shape)) {
    throw expected(`images of shape ${shapeText(wanted)}`, where, new Text(shapeText(shape)));
  }
  if (numClasses > config.numClasses) {
    throw expected(`labels below ${config.numClasses}`, where, numClasses - 1, 'The model was not made for this data.');
  }
}
