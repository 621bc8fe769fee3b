import { expected, listed, quoted, Text } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { ParquetFile, type RowGroup } from '../../io/formats/parquet.js';
import type { Dataset } from './dataset.js';
import { type Features, featuresOf, imageColumn, labelColumn } from './hugging-face-features.js';
import { checkNames, labelledSet } from './label-values.js';
import type { ArchivedImage } from './sample.js';
import { shardsOf } from './shards.js';

/** Options of `parquet`. */
export interface ParquetOptions {
  /** The part of a data set whose files lie in one folder: `'train'` for `train-00000-of-00002.parquet`. */
  split?: string;
  /** The column of the images. Default: the one that the file's metadata or its types say. */
  image?: string;
  /** The column of the labels. Default: the one that the file's metadata says, or `'label'`. */
  label?: string;
  /** The classes' names, by their numbers. Default: the metadata's, or those that occur. */
  classes?: readonly string[];
}

const NAMES: OptionNames<ParquetOptions> = { split: true, image: true, label: true, classes: true };

/**
 * Reads image data sets of Hugging Face: tables with a column of images (bytes, or structs `{ bytes, path }`) and one of
 * labels. Labels are read once; images when they are decoded, a row group at a time, of which some are kept: with a
 * cache, groups are read in the first epoch alone.
 *
 * @param files one, several, or a folder of `.parquet` files
 * @returns with a class's number for a label each, or, of lists, a value for each class
 * @throws TypeError for what is no such file, columns that are missing or leave a choice, labels that are no classes, or
 *   options that are unknown
 * @see `datasets.load_dataset('parquet', ...)`, `datasets.Image`, `datasets.ClassLabel`
 * @example
 * const train = await data.parquet('cifar10/plain_text', { split: 'train' });
 */
export async function parquet(files: string | readonly string[], options: ParquetOptions = {}): Promise<Dataset> {
  checkOptions(options, NAMES, 'parquet');
  for (const name of ['split', 'image', 'label'] as const) {
    const value = options[name];
    if (value !== undefined && (typeof value !== 'string' || value === '')) {
      throw expected('a string', `parquet ${name}`, value);
    }
  }
  const given = options.classes === undefined ? undefined : checkNames(options.classes, 'parquet classes');
  const paths = ofSplit(await shardsOf(files, '.parquet', 'parquet'), options.split);
  const images: ArchivedImage[] = [];
  const labels: unknown[] = [];
  const groups = new RowGroups();
  let features: Features = {};
  for (const path of paths) {
    const file = await ParquetFile.open(path);
    const own = featuresOf(file.metadata);
    if (images.length === 0) features = own;
    const column = imageColumn(file, own, options.image);
    const label = labelColumn(file, own, options.label);
    for (const group of file.groups) {
      for (const value of await file.read(label, group)) labels.push(value); // of a million, a call has no room
      for (let row = 0; row < group.count; row++) images.push(groups.image(file, column, group, row));
    }
    features = { ...features, ...(own[label] && { label: own[label] }) };
  }
  if (images.length === 0) throw expected('rows', listed(paths.map(quoted)), new Text('none'));
  const known = features.label;
  return labelledSet(images, labels, {
    classes: given ?? known?.names,
    lists: known?.names === undefined ? 'values' : 'indices',
    where: (i) => images[i].name,
  });
}

/** The files of a part; Hugging Face names them `<part>-<number>-of-<count>`, or puts them into folders. */
function ofSplit(paths: readonly string[], split: string | undefined): readonly string[] {
  const parts = paths.map((path) => /(?:^|\/)(train|test|validation|val|valid|dev)(?=[-./_])[^/]*$/.exec(path)?.[1]);
  if (split === undefined) {
    const found = [...new Set(parts)];
    if (found.length <= 1) return paths;
    const names = listed(found.map((name) => (name === undefined ? 'others' : quoted(name))));
    throw expected('files of one part', 'parquet', new Text(`those of ${names}`), 'Say which: { split }.');
  }
  const chosen = paths.filter((path) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return name.startsWith(`${split}-`) || name === `${split}.parquet` || path.includes(`/${split}/`);
  });
  if (chosen.length > 0) return chosen;
  throw expected(`files of the part ${quoted(split)}`, 'parquet', new Text(listed(paths.map(quoted))));
}

// Of row groups that are kept, the bytes; one group is kept whatever it takes.
const MOST_KEPT = 256 * 2 ** 20;

/** Row groups of images, the last ones that were asked for. */
class RowGroups {
  readonly #kept = new Map<RowGroup, { rows: Promise<unknown[]>; bytes: number }>();
  #bytes = 0;

  image(file: ParquetFile, column: string, group: RowGroup, row: number): ArchivedImage {
    const number = group.begin + row;
    const name = `row ${number} of ${file.file.path}`;
    return {
      name,
      stamp: `${file.file.stamp}\0${column}\0${number}`,
      bytes: async () => bytesOf((await this.#rows(file, column, group))[row], name),
    };
  }

  #rows(file: ParquetFile, column: string, group: RowGroup): Promise<unknown[]> {
    const there = this.#kept.get(group);
    if (there !== undefined) {
      this.#kept.delete(group); // and last again
      this.#kept.set(group, there);
      return there.rows;
    }
    const kept = { rows: file.read(column, group), bytes: 0 };
    this.#kept.set(group, kept);
    kept.rows.then(
      (rows) => {
        kept.bytes = rows.reduce<number>((sum, value) => sum + (partsOf(value).bytes?.length ?? 0), 0);
        this.#bytes += kept.bytes;
        this.#drop();
      },
      () => this.#kept.delete(group), // whoever waits hears of it
    );
    return kept.rows;
  }

  #drop(): void {
    for (const [group, { bytes }] of this.#kept) {
      if (this.#bytes <= MOST_KEPT || this.#kept.size === 1) return;
      this.#kept.delete(group);
      this.#bytes -= bytes;
    }
  }
}

function partsOf(value: unknown): { bytes?: Uint8Array; path?: string } {
  if (value instanceof Uint8Array) return { bytes: value };
  return typeof value === 'object' && value !== null ? value : {};
}

function bytesOf(value: unknown, where: string): Uint8Array {
  const { bytes, path } = partsOf(value);
  if (bytes instanceof Uint8Array) return bytes;
  const found = typeof path === 'string' ? new Text(`the path ${quoted(path)} alone`) : value;
  throw expected('the bytes of an image', where, found, 'Write the data set with its images embedded.');
}
