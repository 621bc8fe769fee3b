import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expected, Text } from '../check.js';
import { stratified } from '../data/sets/combine.js';
import { csv } from '../data/sets/csv.js';
import type { Dataset } from '../data/sets/dataset.js';
import type { ImageFolder } from '../data/sets/image-folder.js';
import { ImageList, pick } from '../data/sets/list.js';
import { parquet } from '../data/sets/parquet.js';
import { tar } from '../data/sets/tar.js';

type Kind = 'parquet' | 'tar' | 'csv';

/** What is read of a path: the files of each part, or of all. */
interface Packed {
  readonly kind: Kind;
  readonly train: readonly string[];
  readonly val: readonly string[];
  readonly test: readonly string[];
}

const PARTS = { val: /^(validation|valid|val|dev)\b/, test: /^test\b/ } as const;

type Reader = (paths: readonly string[], options?: { classes: readonly string[] }) => Promise<Dataset>;

const READERS: Record<Kind, Reader> = { parquet, tar, csv: ([file = ''], options) => csv(file, options) };

/**
 * Finds out whether a path is of a data set in Parquet files or tar archives: one, shards as `train-{000..012}.tar`, or
 * a folder of them, or of a folder `data` of them, with parts by the names of files as Hugging Face has them; or whether
 * it is a table of images and labels, which folders of images often hold besides.
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
    const first = names.map(kindOf).find((found) => found !== undefined && found !== 'csv');
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
    return asList(await READERS[kind](paths, options), paths[0] ?? '');
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
  const [, ending] = /\.(parquet|tar|csv)$/i.exec(path) ?? [];
  return ending?.toLowerCase() as Kind | undefined; // the pattern's
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
