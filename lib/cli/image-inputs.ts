import { stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import picomatch from 'picomatch';
import { expected, Text } from '../check.js';
import { FolderWalk } from '../data/sets/walk-folder.js';
import { fileError, fileErrorFrom } from '../io/formats/file-error.js';
import { UsageError } from './usage-error.js';

/** An image that somebody named on the command line. */
export interface ImageInput {
  /** As results and messages name it. */
  readonly name: string;
  /** A path, or the file's bytes. */
  readonly file: string | Uint8Array;
}

/**
 * The images behind the arguments: files as they are, those in a folder and below it, those that a pattern matches
 * (`'photos/*.jpg'`, for shells that leave patterns alone), and `-` for one file on stdin. Hidden files of folders are
 * left out, links are followed. In the order of the arguments, and of names below one.
 *
 * A file that is named itself is not looked at: whoever reads it says what is wrong with it.
 *
 * @throws UsageError for an address on the network, and `-` twice; TypeError for a folder or pattern without images
 */
export async function imageInputs(args: readonly string[]): Promise<ImageInput[]> {
  const inputs: ImageInput[] = [];
  for (const arg of args) {
    const address = /^[a-z][a-z0-9+.-]+:\/\//i.test(arg);
    if (address) throw new UsageError(expected('files or folders', 'images', arg, 'Download it first.'));
    if (arg === '-') {
      if (inputs.some(({ file }) => typeof file !== 'string')) {
        throw new UsageError(expected('stdin (-) once', 'images', new Text('it twice')));
      }
      inputs.push({ name: '-', file: await readStdin() });
    } else inputs.push(...(await filesOf(arg)).map((path) => ({ name: path, file: path })));
  }
  return inputs;
}

async function readStdin(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer); // stdin without an encoding gives nothing else
  return Buffer.concat(chunks);
}

async function filesOf(arg: string): Promise<string[]> {
  const there = await stat(arg).catch(() => undefined);
  if (there?.isDirectory()) return imagesBelow(arg, `the folder ${arg}`);
  const { base, glob, isGlob } = picomatch.scan(arg);
  if (there !== undefined || !isGlob) return [arg];
  const folder = base === '' ? '.' : base;
  // Without `**`, a pattern says how deep it goes: '*.jpg' does not look through all that the working directory holds.
  const floors = glob.includes('**') ? Infinity : glob.split('/').length - 1;
  return imagesBelow(folder, `the pattern ${arg}`, { accepts: picomatch(glob), floors });
}

/**
 * The images below a folder, links followed, that `accepts` takes by their paths from there; never none.
 *
 * @param floors of folders in the folder that are looked into
 */
async function imagesBelow(
  folder: string,
  where: string,
  { accepts = () => true, floors }: { accepts?: (path: string) => boolean; floors?: number } = {},
): Promise<string[]> {
  const walk = new FolderWalk(folder);
  let found: string[];
  try {
    found = await walk.images(folder, floors);
  } catch (cause) {
    throw fileErrorFrom(cause, 'a folder of images', folder);
  }
  const images = found
    .map((path) => relative(folder, path).replaceAll('\\', '/'))
    .filter((path) => accepts(path))
    .sort((a, b) => (a < b ? -1 : 1));
  if (images.length === 0) {
    const looked = found.length + walk.leftOut.length;
    const received = looked === 0 ? 'no file' : `none among ${looked} files`;
    throw fileError('images (PNG, JPEG, WebP, GIF or TIFF)', where, received);
  }
  return images.map((path) => join(folder, path));
}
