import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkOneOf, expected, shapeText, Text } from '../check.js';
import { readIdx } from '../io/formats/idx.js';
import { packageRoot } from '../package-root.js';

/** Labelled images in JavaScript's memory, all of one size, as float32. */
export interface ArrayDataset {
  /** (count, ...shape), row-major; pixels from -1 (black) to 1. */
  readonly images: Float32Array;
  /** The class of each image. */
  readonly labels: Int32Array;
  /** How many images there are. */
  readonly count: number;
  /** Of one image: [channels, height, width]. */
  readonly shape: readonly [number, number, number];
  /** How many classes the labels are of. */
  readonly numClasses: number;
}

/** The folder of the digits that are packed with vitrine, 8 x 8 pixels, for `loadIdxDataset`: 1,442 to train on, 355 to test with. */
export const digitsPath: string = join(packageRoot, 'data', 'digits');

const PARTS = { train: 'train', test: 't10k' } as const;

/**
 * Reads one part of a data set in the layout of MNIST: `train-images-idx3-ubyte`, `t10k-labels-idx1-ubyte` and so on,
 * plain or with `.gz`. Pixels 0..255 become -1..1.
 *
 * @throws TypeError when files are missing, damaged, or do not go together
 * @see `torchvision.datasets.MNIST`
 */
export async function loadIdxDataset(folder: string, part: 'train' | 'test'): Promise<ArrayDataset> {
  const prefix = PARTS[checkOneOf(part, 'loadIdxDataset part', ['train', 'test'])];
  const pixels = await readIdx(find(folder, `${prefix}-images-idx3-ubyte`));
  const classes = await readIdx(find(folder, `${prefix}-labels-idx1-ubyte`));
  const [count, height, width] = pixels.shape;
  if (count === undefined || height === undefined || width === undefined || pixels.shape.length !== 3) {
    throw expected('images of shape (count,H,W)', folder, new Text(shapeText(pixels.shape)));
  }
  if (classes.shape.length !== 1 || classes.shape[0] !== count) {
    throw expected(`${count} labels for as many images`, folder, new Text(shapeText(classes.shape)));
  }
  if (count === 0) throw expected('at least one image', folder, new Text('none'));
  const labels = Int32Array.from(classes.data);
  const images = Float32Array.from(pixels.data, (value) => value / 127.5 - 1);
  const numClasses = labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  return { images, labels, count, shape: [1, height, width], numClasses };
}

function find(folder: string, name: string): string {
  const candidates = [`${name}.gz`, name].map((file) => join(folder, file));
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) {
    throw expected(
      `${name} or ${name}.gz`,
      `the folder ${folder}`,
      new Text('neither'),
      'Use the file names of MNIST.',
    );
  }
  return found;
}
