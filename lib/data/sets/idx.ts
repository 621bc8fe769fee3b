import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOneOf, expected, listed, quoted, shapeText, Text } from '../../check.js';
import { fileErrorFrom } from '../../io/formats/file-error.js';
import { readIdx } from '../../io/formats/idx.js';
import { PixelSet } from './list.js';

// MNIST's own names, those that unpacking leaves, and EMNIST's: emnist-letters-test-images-idx3-ubyte.gz.
const FILE = /^(?:(.*)-)?(train|t10k|test)-(images|labels)[-.]idx[13]-ubyte(?:\.gz)?$/;

/**
 * Reads one part of a data set in the layout of MNIST and EMNIST, plain or with `.gz`.
 *
 * @param name of one data set among several in the folder: `'emnist-letters'`
 * @throws TypeError when files are missing, damaged, or do not go together
 * @see `torchvision.datasets.MNIST`
 */
export async function idx(folder: string, part: 'train' | 'test', name?: string): Promise<PixelSet> {
  if (typeof folder !== 'string') throw expected('the path of a folder', 'idx', folder);
  checkOneOf(part, 'idx part', ['train', 'test']);
  const files = await filesOf(folder, name);
  const pixels = await readIdx(files(part, 'images'));
  const labels = await readLabels(files(part, 'labels'));
  const [count, height, width] = pixels.shape;
  if (pixels.shape.length !== 3 || labels.length !== count || count === 0) {
    const found = new Text(`${shapeText(pixels.shape)} and ${labels.length} labels`);
    throw expected('images (count,H,W) with a label each', folder, found);
  }
  // Both parts have the classes of the larger one.
  const other = await readLabels(files(part === 'train' ? 'test' : 'train', 'labels', files(part, 'labels')));
  const most = Math.max(largest(labels), largest(other));
  const classes = Array.from({ length: most + 1 }, (_, i) => String(i));
  const layout = { height, width, channels: 1, planes: false, stride: height * width, offset: 0 } as const;
  return new PixelSet(pixels.data, labels, classes, layout);
}

function largest(labels: Int32Array): number {
  return labels.reduce((most, label) => Math.max(most, label), 0);
}

async function readLabels(path: string): Promise<Int32Array> {
  const { data, shape } = await readIdx(path);
  if (shape.length !== 1) throw expected('labels (count)', path, new Text(shapeText(shape)));
  return Int32Array.from(data);
}

/** A function that finds the file of a part, or throws unless there is another to take. */
async function filesOf(folder: string, name: string | undefined) {
  let entries: string[];
  try {
    entries = (await readdir(folder)).sort();
  } catch (cause) {
    throw fileErrorFrom(cause, 'a folder that can be read', folder);
  }
  const found = entries.flatMap((file) => {
    const match = FILE.exec(file);
    return match === null ? [] : [{ file, name: match[1] ?? '', part: match[2], what: match[3] }];
  });
  const names = [...new Set(found.map((entry) => entry.name))];
  const chosen = name ?? names[0] ?? '';
  if (name === undefined && names.length > 1) {
    throw expected('the name of one data set', `idx of ${folder}`, new Text(`several: ${listed(names.map(quoted))}`));
  }
  return (part: 'train' | 'test', what: 'images' | 'labels', instead?: string): string => {
    const match = found.find((entry) => {
      return entry.name === chosen && entry.what === what && (part === 'train') === (entry.part === 'train');
    });
    if (match !== undefined) return join(folder, match.file);
    if (instead !== undefined) return instead;
    const wanted = `${chosen === '' ? '' : `${chosen}-`}${part === 'train' ? 'train' : 't10k'}-${what}-idx${what === 'images' ? 3 : 1}-ubyte`;
    throw expected(`${wanted}, .gz or not,`, folder, new Text('none'), 'Use the file names of MNIST.');
  };
}
