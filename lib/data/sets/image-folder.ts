import { join } from 'node:path';
import { checkInteger, checkNumber, expected, listed, quoted, Text } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { warnOnce } from '../../warning.js';
import { stratified } from './combine.js';
import { ImageList, pick } from './list.js';
import { FolderWalk } from './walk-folder.js';

/** Options of `imageFolder`. */
export interface ImageFolderOptions {
  /** The share of each class that becomes `val`, where there is no folder for it. Default: none. */
  valSplit?: number;
  /** Of that choice. Default 0. */
  seed?: number;
}

/** A folder of images, in its parts. */
export interface ImageFolder {
  /** The images to train on. */
  readonly train: ImageList;
  /** The images to validate on, where the folder has any. */
  readonly val?: ImageList;
  /** The images to test on, where the folder has any. */
  readonly test?: ImageList;
  /** The folders' names, in code-unit order. */
  readonly classes: readonly string[];
  /** Paths below the root that are no part of it: hidden ones, other files, broken links. Told in a warning, too. */
  readonly leftOut: readonly string[];
}

const NAMES: OptionNames<ImageFolderOptions> = { valSplit: true, seed: true };

const PARTS = { val: ['val', 'valid', 'validation'], test: ['test'] } as const;

/**
 * Finds labelled images in folders: `train/cat/1.jpg`, with `val` and `test` beside `train` where there are any, or
 * `cat/1.jpg`, of which `valSplit` sets some of each class apart. A class's images may lie deeper. Nothing is decoded.
 *
 * @param root the folder
 * @throws TypeError for no folder, one without classes, a class without images, a class that `train` does not have, or
 *   options that are unknown or out of range
 * @see `torchvision.datasets.ImageFolder`, which has one part
 * @example
 * const { train, val, classes } = await data.imageFolder('photos', { valSplit: 0.2 });
 */
export async function imageFolder(root: string, options: ImageFolderOptions = {}): Promise<ImageFolder> {
  if (typeof root !== 'string') throw expected('the path of a folder', 'imageFolder', root);
  checkOptions(options, NAMES, 'imageFolder');
  const valSplit = options.valSplit === undefined ? undefined : checkShare(options.valSplit);
  const seed = checkInteger(options.seed ?? 0, 'imageFolder seed');
  const walk = new FolderWalk(root);
  const parts = await partsOf(walk, root);
  const classes = await classesOf(walk, parts.train);
  const train = await readPart(walk, parts.train, classes);
  const val = parts.val === undefined ? undefined : await readPart(walk, parts.val, classes);
  const test = parts.test === undefined ? undefined : await readPart(walk, parts.test, classes);
  const { leftOut } = walk;
  if (leftOut.length > 0) {
    const what = listed(leftOut.map(quoted));
    const are = leftOut.length === 1 ? 'one entry is none and is' : `${leftOut.length} entries are none and are`;
    warnOnce(`Expected folders of images in ${root} but ${are} left out: ${what}.`);
  }
  const rest = { ...(test && { test }), classes, leftOut };
  if (val !== undefined) {
    if (valSplit === undefined) return { train, val, ...rest };
    throw expected('no valSplit', 'imageFolder', valSplit, `There is a folder for it, ${parts.val}.`);
  }
  if (valSplit === undefined) return { train, ...rest };
  const [kept, apart] = stratified(train.labels, valSplit, seed).map((indices) => pick(train, indices));
  return { train: kept, val: apart, ...rest };
}

function checkShare(share: number): number {
  checkNumber(share, 'imageFolder valSplit', 0, 1);
  if (share > 0 && share < 1) return share;
  throw expected('a share between 0 and 1', 'imageFolder valSplit', share);
}

/** The folders of the parts: those in `root` that are called so, or `root` itself. */
async function partsOf(walk: FolderWalk, root: string): Promise<{ train: string; val?: string; test?: string }> {
  const { folders } = await walk.entries(root);
  const hasTrain =
    folders.includes('train') && (await new FolderWalk(root).entries(join(root, 'train'))).folders.length > 0;
  walk.leftOut.length = 0; // counted when the parts are read
  if (!hasTrain) return { train: root };
  const parts: { train: string; val?: string; test?: string } = { train: join(root, 'train') };
  for (const part of ['val', 'test'] as const) {
    const name = PARTS[part].find((candidate) => folders.includes(candidate));
    if (name !== undefined) parts[part] = join(root, name);
  }
  return parts;
}

async function classesOf(walk: FolderWalk, folder: string): Promise<string[]> {
  const { folders, files } = await walk.entries(folder);
  walk.leftOut.length = 0;
  if (folders.length > 0) return folders;
  const found = files.length === 0 ? 'an empty one' : `one of ${files.length} files and no folders`;
  throw expected(
    'a folder for each class',
    folder,
    new Text(found),
    'Put the images of a class into a folder of its name.',
  );
}

async function readPart(walk: FolderWalk, folder: string, classes: readonly string[]): Promise<ImageList> {
  const { folders, files } = await walk.entries(folder);
  for (const file of files) walk.leaveOut(join(folder, file));
  const unknown = folders.find((name) => !classes.includes(name));
  if (unknown !== undefined) {
    throw expected(`classes among ${listed(classes.map(quoted))}`, folder, new Text(quoted(unknown)));
  }
  const images: string[] = [];
  const labels: number[] = [];
  for (const name of folders) {
    const before = walk.leftOut.length;
    const found = await walk.images(join(folder, name));
    if (found.length === 0) throw emptyClass(join(folder, name), walk.leftOut.slice(before));
    for (const path of found) {
      images.push(path);
      labels.push(classes.indexOf(name));
    }
  }
  if (images.length === 0) throw expected('images', folder, new Text('none'));
  return new ImageList(images, Int32Array.from(labels), classes);
}

function emptyClass(folder: string, leftOut: readonly string[]): TypeError {
  const found = leftOut.length === 0 ? 'none' : `none besides ${listed(leftOut.map(quoted))}`;
  const advice = 'Give it images (PNG, JPEG, WebP, GIF, TIFF), or remove the folder.';
  return expected('images', `the class ${quoted(folder)}`, new Text(found), advice);
}
