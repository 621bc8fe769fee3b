import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkBoolean, checkOneOf, expected, Text } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { regularFileSize } from '../../io/formats/regular-file.js';
import { PixelSet } from './list.js';

const SIDE = 32;
const CHANNELS = 3;
const PIXELS = SIDE * SIDE * CHANNELS;

/**
 * Reads one part of CIFAR-10 in its binary version: `data_batch_1.bin` ... or `test_batch.bin`.
 *
 * @param folder of the files, or the one above it
 * @throws TypeError for files that are missing or damaged
 * @see https://www.cs.toronto.edu/~kriz/cifar.html
 */
export async function cifar10(folder: string, part: 'train' | 'test'): Promise<PixelSet> {
  const inside = folderOf(folder, 'cifar-10-batches-bin', 'cifar10');
  checkOneOf(part, 'cifar10 part', ['train', 'test']);
  const files = part === 'test' ? ['test_batch.bin'] : [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`);
  return read({ folder: inside, files, names: 'batches.meta.txt', classes: 10, labelBytes: 1, labelAt: 0 });
}

/** Options of `cifar100`. */
export interface Cifar100Options {
  /** Whether labels are the 20 superclasses instead of the 100 classes. Default false. */
  coarse?: boolean;
}

const NAMES: OptionNames<Cifar100Options> = { coarse: true };

/** As `cifar10`, of CIFAR-100: `train.bin` or `test.bin`. @see https://www.cs.toronto.edu/~kriz/cifar.html */
export async function cifar100(
  folder: string,
  part: 'train' | 'test',
  options: Cifar100Options = {},
): Promise<PixelSet> {
  checkOptions(options, NAMES, 'cifar100');
  const inside = folderOf(folder, 'cifar-100-binary', 'cifar100');
  checkOneOf(part, 'cifar100 part', ['train', 'test']);
  const coarse = checkBoolean(options.coarse ?? false, 'cifar100 coarse');
  const names = coarse ? 'coarse_label_names.txt' : 'fine_label_names.txt';
  const labels = { classes: coarse ? 20 : 100, labelBytes: 2, labelAt: coarse ? 0 : 1 };
  return read({ folder: inside, files: [`${part}.bin`], names, ...labels });
}

function folderOf(folder: string, inner: string, where: string): string {
  if (typeof folder !== 'string') throw expected('the path of a folder', where, folder);
  const below = join(folder, inner);
  return existsSync(below) ? below : folder;
}

/** Records of labels and an image in planes. */
interface Layout {
  folder: string;
  files: readonly string[];
  names: string;
  classes: number;
  labelBytes: number;
  /** Which of them counts. */
  labelAt: number;
}

async function read({ folder, files, names, classes, labelBytes, labelAt }: Layout): Promise<PixelSet> {
  const stride = labelBytes + PIXELS;
  const parts: Buffer[] = [];
  for (const file of files) {
    const path = join(folder, file);
    const size = await regularFileSize(path);
    if (size === 0 || size % stride !== 0) {
      throw expected(
        `records of ${stride} bytes`,
        path,
        new Text(`${size} bytes`),
        'It is truncated or another version.',
      );
    }
    parts.push(await readFile(path));
  }
  const pixels = parts.length === 1 ? parts[0] : Buffer.concat(parts);
  const labels = Int32Array.from({ length: pixels.length / stride }, (_, i) => pixels[i * stride + labelAt]);
  const wrong = labels.findIndex((label) => label >= classes);
  if (wrong >= 0) throw expected(`labels below ${classes}`, `image ${wrong} of ${folder}`, labels[wrong]);
  const layout = { height: SIDE, width: SIDE, channels: CHANNELS, planes: true, stride, offset: labelBytes } as const;
  return new PixelSet(pixels, labels, await classNames(join(folder, names), classes), layout);
}

/** From the list beside the files, or numbers where there is none. */
async function classNames(path: string, count: number): Promise<string[]> {
  const numbers = Array.from({ length: count }, (_, i) => String(i));
  if (!existsSync(path)) return numbers;
  const lines = (await readFile(path, 'utf8')).split('\n').map((line) => line.trim());
  const names = lines.filter((line) => line !== '');
  return names.length === count ? names : numbers;
}
