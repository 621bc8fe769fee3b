import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expected, listed, printable, quoted, Text } from '../check.js';
import type { ArrayDataset } from '../data/dataset.js';
import { loadImages } from '../data/load-images.js';
import { type ImageFolder, imageFolder } from '../data/sets/image-folder.js';
import type { ImageList } from '../data/sets/list.js';
import { type ImageSource, isArchived, nameOf } from '../data/sets/sample.js';
import { importSharp } from '../data/sharp.js';
import { getThreads, info } from '../info.js';
import type { Preprocessing } from '../io/pretrained/preprocessing.js';
import { formatBytes, formatCount } from '../report/format.js';
import { packedFiles, packedImages } from './packed-data.js';

/** Whether a folder holds the files of MNIST, and no images in folders. */
export function holdsIdx(folder: string): boolean {
  const names = ['train', 't10k'].map((part) => `${part}-images-idx3-ubyte`);
  return names.some((name) => existsSync(join(folder, name)) || existsSync(join(folder, `${name}.gz`)));
}

/** A folder of images in two parts: to train on, and to test with. */
export interface ImageParts {
  readonly train: ImageList;
  readonly test: ImageList;
  readonly classes: readonly string[];
  /** The shorter side that half of the images have or exceed, in pixels. */
  readonly side: number;
}

/** The share of each class that is set apart where a folder has no part to test with. */
export const VAL_SPLIT = 0.2;

/**
 * Finds the images of a folder: its `val` or else its `test` part to test with, or else a share of each class that
 * the seed chooses.
 *
 * @throws TypeError for a folder that has no two classes with images
 */
export async function findImages(
  folder: string,
  { valSplit, seed }: { valSplit: number | undefined; seed: number },
): Promise<ImageParts> {
  const packed = await packedFiles(folder);
  const read = (share: number | undefined): Promise<ImageFolder> => {
    const given = { ...(share !== undefined && { valSplit: share }), seed };
    return packed === undefined ? imageFolder(folder, given) : packedImages(packed, given);
  };
  let parts = await read(valSplit);
  if (parts.val === undefined && parts.test === undefined) parts = await read(VAL_SPLIT);
  const { train, classes } = parts;
  const test = parts.val ?? parts.test;
  if (classes.length < 2) {
    const received = new Text(`only ${quoted(classes[0] ?? '')}`);
    throw expected('at least two classes', folder, received, 'Each class is a folder of its own.');
  }
  if (test === undefined || test.length === 0) throw expected('images to test with', folder, new Text('none'));
  return { train, test, classes, side: await typicalSide(train) };
}

// Images that are looked at to tell what size the others have.
const LOOKED_AT = 32;

async function typicalSide({ images }: ImageList): Promise<number> {
  const sharp = await importSharp();
  // Of what is packed, neighbours: they are read together.
  const isPacked = images.some(isArchived);
  const every = isPacked ? 1 : Math.max(1, Math.floor(images.length / LOOKED_AT));
  const looked = images.filter((_, i) => i % every === 0).slice(0, isPacked ? LOOKED_AT : undefined);
  const sides = await Promise.all(
    looked.map(async (image) => {
      const { width, height } = await sharp(await fileOf(image))
        .metadata()
        .catch(() => ({ width: 0, height: 0 }));
      return Math.min(width, height);
    }),
  );
  const known = sides.filter((side) => side > 0).sort((a, b) => a - b);
  const [typical] = known.slice(Math.floor(known.length / 2));
  if (typical !== undefined) return typical;
  const tried = `none of ${listed(looked.map((image, i) => printable(nameOf(image, i))))}`;
  throw expected('images that can be read', 'the data', new Text(tried), 'PNG, JPEG, WebP, GIF and TIFF are read.');
}

/** What a decoder reads of an image. */
async function fileOf(image: ImageSource): Promise<string | Uint8Array> {
  return isArchived(image) ? image.bytes() : (image as string | Uint8Array); // data sets of files give no others
}

/** What of a set could not be read. */
export interface Corrupt {
  readonly path: string;
  readonly reason: string;
}

// The share of images that may be damaged before something else must be wrong.
const MOST_CORRUPT = 0.01;

/**
 * Decodes all images of a set into memory, as the model takes them; what cannot be read is left out and told.
 *
 * @param onImage sees how many are done
 * @throws TypeError where more than one in a hundred cannot be read, or the memory is too small for all
 */
export async function decodeSet(
  { images, labels, classes }: ImageList,
  preprocessing: Preprocessing,
  onImage: (done: number) => void,
): Promise<{ set: ArrayDataset; corrupt: Corrupt[] }> {
  const [height, width] = preprocessing.crop;
  const shape = [preprocessing.mean.length, height, width] as const;
  const size = shape[0] * height * width;
  checkRoom(images.length * size * Float32Array.BYTES_PER_ELEMENT, images.length);
  const pixels = new Float32Array(images.length * size);
  const corrupt = new Map<number, Corrupt>();
  let next = 0;
  let done = 0;
  const decodeInTurn = async (): Promise<void> => {
    while (next < images.length) {
      const index = next++;
      const image = images[index];
      try {
        using decoded = await loadImages([await fileOf(image)], preprocessing);
        pixels.set(await decoded.data(), index * size);
      } catch (error) {
        corrupt.set(index, {
          path: nameOf(image, index),
          reason: error instanceof Error ? error.message : String(error),
        });
      }
      onImage(++done);
    }
  };
  await Promise.all(Array.from({ length: getThreads() }, decodeInTurn));
  checkCorrupt([...corrupt.values()], images.length);
  const kept = [...images.keys()].filter((index) => !corrupt.has(index));
  if (kept.length < images.length) {
    for (const [to, from] of kept.entries()) pixels.copyWithin(to * size, from * size, (from + 1) * size);
  }
  const set: ArrayDataset = {
    images: pixels.subarray(0, kept.length * size),
    labels: Int32Array.from(kept, (index) => labels[index]),
    count: kept.length,
    shape,
    numClasses: classes.length,
  };
  return { set, corrupt: [...corrupt.values()] };
}

/** Throws where decoded images would take so much memory that training has none. */
function checkRoom(bytes: number, count: number): void {
  const most = info().memory.limit / 2;
  if (bytes <= most) return;
  const received = new Text(`${formatCount(count)} images that take ${formatBytes(bytes)}`);
  throw expected(
    `images of at most ${formatBytes(most)} when decoded`,
    '--data',
    received,
    'Choose a smaller --img-size.',
  );
}

function checkCorrupt(corrupt: readonly Corrupt[], count: number): void {
  if (corrupt.length <= MOST_CORRUPT * count) return;
  const [first] = corrupt;
  const received = new Text(`${corrupt.length} of ${count} that cannot be read, ${quoted(first?.path ?? '')} first`);
  throw expected(`at most ${100 * MOST_CORRUPT}% damaged images`, 'the data', received, first?.reason ?? '');
}
