import { expected, listed, quoted, Text } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { openRegularFile } from '../../io/formats/regular-file.js';
import { StampedFile } from '../../io/formats/stamped-file.js';
import { entryOf, tarEntries } from '../../io/formats/tar.js';
import type { Dataset } from './dataset.js';
import { checkNames, labelledSet } from './label-values.js';
import type { ArchivedImage } from './sample.js';
import { shardsOf } from './shards.js';

/** Options of `tar`. */
export interface TarOptions {
  /** The ending of the images. Default: of each sample the first that is a format's: jpg, jpeg, png, webp, gif, tif, tiff. */
  image?: string;
  /** The ending of the labels: `'cls'`, `'txt'`, `'json'` ... Default `'cls'` where there are such files, else `'json'`. */
  label?: string;
  /** What a label is called inside JSON. Default `'label'`. */
  field?: string;
  /** The classes' names, by their numbers. Default: those that occur, in code-unit order, or numbers. */
  classes?: readonly string[];
}

const NAMES: OptionNames<TarOptions> = { image: true, label: true, field: true, classes: true };

const IMAGES = ['jpg', 'jpeg', 'png', 'webp', 'gif', 'tif', 'tiff'];

/** The files of one sample, by their endings. */
interface Member {
  readonly key: string;
  image: ArchivedImage | undefined;
  /** Texts of labels. */
  readonly labels: Map<string, string>;
}

/**
 * Indexes WebDataset's archives: `0001.jpg` and `0001.cls` (a class's number, or its name) or `0001.json` are a sample.
 * Heads and labels are read once, images when they are decoded, in any order; so archives shuffle like files.
 *
 * @param files one, several, a folder of `.tar` files, or `train-{000..146}.tar`
 * @returns with a class's number for a label each; of JSON with a list of names or numbers, a value for each class
 * @throws TypeError for what is no archive or is compressed, samples without image or label, labels that are no classes,
 *   or options that are unknown
 * @see `webdataset.WebDataset`, which reads shards from begin to end
 * @example
 * const train = await data.tar('train-{000..146}.tar', { classes: ['cat', 'dog'] });
 */
export async function tar(files: string | readonly string[], options: TarOptions = {}): Promise<Dataset> {
  checkOptions(options, NAMES, 'tar');
  const { field = 'label', image, label } = options;
  for (const [name, value] of Object.entries({ field, image: image ?? 'jpg', label: label ?? 'cls' })) {
    if (typeof value !== 'string' || value === '') throw expected('a string', `tar ${name}`, value);
  }
  const classes = options.classes === undefined ? undefined : checkNames(options.classes, 'tar classes');
  const shards = await shardsOf(files, '.tar', 'tar');
  const members: Member[] = [];
  for (const shard of shards) await index(shard, image, members);
  const samples = members.filter(({ image, labels }) => image !== undefined || labels.size > 0); // others are no samples
  const [first] = samples;
  if (first === undefined) throw expected('images and their labels', listed(shards.map(quoted)), new Text('none'));
  const ending = label ?? (first.labels.has('cls') || !first.labels.has('json') ? 'cls' : 'json');
  const images = samples.map(({ key, image: found }) => {
    if (found !== undefined) return found;
    throw expected(`an image beside the label (${image ?? IMAGES.join(', ')})`, key, new Text('none'));
  });
  const values = samples.map(({ key, labels }) => labelIn(labels, ending, field, key));
  return labelledSet(images, values, { classes, where: (i) => samples[i].key });
}

/** Appends the samples of an archive: neighbours whose names are the same up to the first point. */
async function index(path: string, wanted: string | undefined, members: Member[]): Promise<void> {
  const file = await StampedFile.of(path);
  const { handle, size } = await openRegularFile(path);
  try {
    let stem: string | undefined;
    let member: Member | undefined;
    for await (const { entry, read } of tarEntries(handle, size, path)) {
      const [, own, ending] = /^((?:.*\/)?[^/.]+)\.([^/]*)$/.exec(entry.name) ?? [];
      if (own === undefined || ending === undefined) continue; // README, and hidden files
      if (own !== stem || member === undefined) {
        [stem, member] = [own, { key: entryOf(own, path), image: undefined, labels: new Map() }];
        members.push(member);
      }
      const lower = ending.toLowerCase();
      if (wanted === undefined ? IMAGES.includes(lower) && member.image === undefined : ending === wanted) {
        member.image = archived(file, entryOf(entry.name, path), entry.begin, entry.size);
      } else if (entry.size <= MOST_LABEL) member.labels.set(lower, Buffer.from(await read()).toString('utf8'));
    }
  } finally {
    await handle.close();
  }
}

// Bytes; what is longer is data that this reader has no use for.
const MOST_LABEL = 1 << 16;

function archived(file: StampedFile, name: string, begin: number, size: number): ArchivedImage {
  return { name, stamp: `${file.stamp}\0${begin}\0${size}`, bytes: () => file.read(begin, size) };
}

/** A number, a name, or what JSON has under `field`. */
function labelIn(labels: ReadonlyMap<string, string>, ending: string, field: string, key: string): unknown {
  const text = labels.get(ending.toLowerCase())?.trim();
  if (text === undefined || text === '') {
    const others = labels.size === 0 ? 'none' : listed([...labels.keys()].map(quoted));
    throw expected(`a label, ${quoted(ending)},`, key, new Text(others), 'Say which: { label }.');
  }
  if (!ending.toLowerCase().endsWith('json')) return /^-?\d+$/.test(text) ? Number(text) : text;
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw expected('JSON', `the label of ${key}`, text);
  }
  const value = typeof found === 'object' && found !== null ? (found as Record<string, unknown>)[field] : undefined;
  if (value !== undefined && value !== null) return value;
  throw expected(`a value ${quoted(field)}`, `the JSON of ${key}`, found, 'Say which: { field }.');
}
