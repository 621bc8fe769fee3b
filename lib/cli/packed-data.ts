import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expected, Text } from '../check.js';
import { stratified } from '../data/sets/combine.js';
import type { Dataset } from '../data/sets/dataset.js';
import type { ImageFolder } from '../data/sets/image-folder.js';
import { ImageList, pick } from '../data/sets/list.js';
import { parquet } from '../data/sets/parquet.js';
import { tar } from '../data/sets/tar.js';

type Kind = 'parquet' | 'tar';

/** What is read of a path: the files of each part, or of all. */
interface Packed {
  readonly kind: Kind;
  readonly train: readonly string[];
  readonly val: readonly string[];
  readonly test: readonly string[];
}

const PARTS = { val: /^(validation|valid|val|dev)\b/, test: /^test\b/ } as const;

/**
 * Finds out whether a path is of a data set in Parquet files or tar archives: one, shards as `train-{000..012}.tar`, or
 * a folder of them, or of a folder `data` of them, with parts by the names of files as Hugging Face has them.
 *
 * @returns undefined for others
 */
export async function packedFiles(path: string): Promise<Packed | undefined> {
  const kind = kindOf(path);
  const folder = await stat(path).catch(() => undefined);
  if (folder === undefined || !folder.isDirectory()) {
    return kind && { kind, train: [path], val: [], test: [] };
  }
  for (const within of [path, join(path, 'data')]) {
    const names = (await readdir(within).catch(() => [])).sort();
    const first = names.map(kindOf).find((found) => found !== undefined);
    if (first === undefined) continue;
    const own = names.filter((name) => kindOf(name) === first);
    const part = (pattern: RegExp): string[] =>
      own.filter((name) => pattern.test(name)).map((name) => join(within, name));
    const [val, test] = [part(PARTS.val), part(PARTS.test)];
    const train = own.map((name) => join(within, name)).filter((file) => ![...val, ...test].includes(file));
    return { kind: first, train, val, test };
  }
  return undefined;
}

/** Reads such a data set as a folder of images is read; `valSplit` sets images apart where there is no part for it. */
export async function packedImages(
  { kind, ...files }: Packed,
  { valSplit, seed }: { valSplit?: number; seed: number },
): Promise<ImageFolder> {
  const read = async (paths: readonly string[], classes?: readonly string[]): Promise<ImageList> => {
    const options = classes && { classes };
    return asList(await (kind === 'parquet' ? parquet(paths, options) : tar(paths, options)), paths[0] ?? '');
  };
  const [any] = [...files.train, ...files.val, ...files.test];
  const train = await read(files.train.length > 0 ? files.train : [any ?? '']);
  const { classes } = train;
  const rest = { classes, leftOut: [] };
  const val = files.val.length > 0 ? await read(files.val, classes) : undefined;
  const test = files.test.length > 0 ? await read(files.test, classes) : undefined;
  if (valSplit === undefined || val !== undefined) {
    if (valSplit !== undefined) {
      throw expected('no --val-split', '--data', valSplit, 'There are files to validate with.');
    }
    return { train, ...(val && { val }), ...(test && { test }), ...rest };
  }
  const [kept, apart] = stratified(train.labels, valSplit, seed).map((indices) => pick(train, indices));
  return { train: kept, val: apart, ...(test && { test }), ...rest };
}

function kindOf(path: string): Kind | undefined {
  if (/\.parquet$/i.test(path)) return 'parquet';
  return /\.tar$/i.test(path) ? 'tar' : undefined;
}

function asList({ length, get, labels, classes }: Dataset, where: string): ImageList {
  if (labels === undefined || classes === undefined) {
    throw expected(
      'one class for each image',
      where,
      new Text('several'),
      'The library trains on those (losses.binaryCrossEntropy).',
    );
  }
  const images = Array.from({ length }, (_, index) => {
    const sample = get(index);
    if (sample instanceof Promise) throw expected('images that are known by their places', where, sample);
    return sample.image;
  });
  return new ImageList(images, Int32Array.from(labels), classes);
}
