import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { checkInteger, expected, shapeText } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { textChunks, writeFileAtomically } from '../io/formats/atomic-file.js';
import { fileError, fileErrorFrom } from '../io/formats/file-error.js';
import { JsonFields } from '../io/formats/json-fields.js';
import { readNpy, writeNpyRows } from '../io/formats/npy-file.js';
import { parseStrictJson } from '../io/formats/strict-json.js';
import type { Preprocessing } from '../io/pretrained/preprocessing.js';
import { late } from '../late.js';
import type { FeaturePool } from '../nn/features.js';
import { VERSION } from '../package-root.js';
import { checkFeatureSet, type FeatureSet } from './feature-set.js';

/** How features were made, as the index beside them says. */
export interface FeatureFacts {
  /** The checkpoint's path. */
  readonly model?: string;
  /** How tokens became vectors. */
  readonly pool?: FeaturePool;
  /** The blocks that they are of; the last alone, where it is not there. */
  readonly layers?: number | readonly number[];
  /** Whether their length is 1. */
  readonly normalize?: boolean;
  /** How images were prepared. */
  readonly preprocessing?: Preprocessing;
  /** The folder that the images are in. */
  readonly folder?: string;
  /** Images that could not be read, and why. */
  readonly skipped?: readonly SkippedImage[];
}

/** An image that could not be read. */
export interface SkippedImage {
  /** Its path. */
  readonly image: string;
  /** What is wrong with it. */
  readonly reason: string;
}

const FACTS: OptionNames<FeatureFacts> = {
  model: true,
  pool: true,
  layers: true,
  normalize: true,
  preprocessing: true,
  folder: true,
  skipped: true,
};

/** Features from a file, and how they were made, where that is known. */
export interface StoredFeatures extends FeatureSet {
  /** What the index says of them. */
  readonly facts: FeatureFacts;
}

/** What an index may hold of images besides. */
type Listed = Pick<FeatureSet, 'labels' | 'classes' | 'images'>;

const INDEX_VERSION = 1;

/** The index beside a .npy file. @throws TypeError for another ending */
export function indexPath(path: string): string {
  if (typeof path === 'string' && /.\.npy$/i.test(path)) return path.replace(/\.npy$/i, '.json');
  throw expected('a path that ends in .npy', 'the features', path);
}

/**
 * Writes features as a .npy file, which `numpy.load` reads, and a JSON index beside it: which image each row is of, its
 * class, and how the features were made. Each file is written whole or not at all.
 *
 * @throws TypeError for a path that does not end in .npy or cannot be written, and facts that are unknown
 * @example
 * await features.write('photos.npy', await features.extract(model, train), { model: 'dinov2-small' });
 */
export async function write(path: string, set: FeatureSet, facts: FeatureFacts = {}): Promise<void> {
  checkFeatureSet(set, 'features.write');
  checkOptions(facts, FACTS, 'features.write');
  const rows = async function* (): AsyncGenerator<Float32Array> {
    yield set.values;
  };
  const { labels, classes, images } = set;
  await writeRows(path, rows(), set.width, () => ({
    facts,
    listed: { ...(labels && { labels }), ...(classes && { classes }), ...(images && { images }) },
  }));
}

/** As `write`, of rows as they come; what is said of them is asked for once all are there. */
export async function writeRows(
  path: string,
  rows: AsyncIterable<Float32Array>,
  width: number | (() => number),
  tell: () => { facts: FeatureFacts; listed: Listed },
): Promise<{ count: number; width: number }> {
  const beside = indexPath(path);
  let crc = 0;
  const summed = async function* (): AsyncGenerator<Float32Array> {
    for await (const part of rows) {
      crc = late.zlib.crc32(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), crc);
      yield part;
    }
  };
  const [count = 0, columns = 0] = await writeNpyRows(path, summed(), () =>
    typeof width === 'number' ? width : width(),
  );
  const { facts, listed } = tell();
  const { labels, classes, images } = listed;
  const index = {
    version: INDEX_VERSION,
    vitrine: VERSION,
    features: basename(path),
    count,
    width: columns,
    crc32: crc,
    ...facts,
    ...(classes && { classes }),
    ...(images && { images }),
    ...(labels && { labels: [...labels] }),
  };
  await writeFileAtomically(beside, textChunks([`${JSON.stringify(index, null, 1)}\n`]));
  return { count, width: columns };
}

/**
 * Reads features from a .npy file and, where there is one, the index beside it.
 *
 * @throws TypeError, one sentence, for a file that is no (count,width) array, or an index that is not of it
 */
export async function read(path: string): Promise<StoredFeatures> {
  const beside = indexPath(path);
  const { data, shape } = await readNpy(path);
  const [count = 0, width = 0] = shape;
  if (shape.length !== 2 || count === 0 || width === 0) {
    throw fileError('features (count,width)', path, `an array of shape ${shapeText(shape)}`);
  }
  let text: string;
  try {
    text = await readFile(beside, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') {
      return { values: data, count, width, facts: {} };
    }
    throw fileErrorFrom(cause, 'the index of the features', beside);
  }
  const fields = new JsonFields(parseStrictJson(text, beside), beside);
  const version = fields.integer('version', 1);
  if (version !== INDEX_VERSION) {
    throw fileError(`an index of version ${INDEX_VERSION}`, beside, `version ${String(version)}`);
  }
  const crc = late.zlib.crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  if (fields.integer('count') !== count || fields.integer('width') !== width || fields.integer('crc32') !== crc) {
    throw fileError(`the index of ${path}`, beside, 'that of other features', 'Make both again.');
  }
  const set = { values: data, count, width, ...listedIn(fields, count) };
  return { ...checkFeatureSet(set, beside), facts: factsIn(fields) };
}

function listedIn(fields: JsonFields, count: number): Listed {
  const classes = names(fields, 'classes');
  const images = names(fields, 'images');
  const labels = fields.numbers('labels');
  if (images !== undefined && images.length !== count) throw wrongLength(fields, 'images', images.length, count);
  if (labels !== undefined && labels.length !== count) throw wrongLength(fields, 'labels', labels.length, count);
  const most = (classes?.length ?? 2 ** 31) - 1;
  for (const label of labels ?? []) checkInteger(label, `a label of ${fields.where}`, 0, most);
  return {
    ...(labels && { labels: Int32Array.from(labels) }),
    ...(classes && { classes }),
    ...(images && { images }),
  };
}

function wrongLength({ where }: JsonFields, key: string, found: number, count: number): Error {
  return fileError(`${count} ${key}`, where, `${found}`, 'Make the features again.');
}

function names(fields: JsonFields, key: string): string[] | undefined {
  const value = fields.raw(key);
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value;
  throw fileError('an array of names', `"${key}" of ${fields.where}`, 'something else');
}

/** What is told to people and to `nearest`; of files of others it may be anything, and is then left out. */
function factsIn(fields: JsonFields): FeatureFacts {
  const entries = Object.keys(FACTS).map((key) => [key, fields.raw(key)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as FeatureFacts; // as `write` wrote them
}
