import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Dataset } from '../sets/dataset.js';
import { isArchived } from '../sets/sample.js';
import type { StoredImage } from './image-store.js';
import type { ImageCache } from './memory-cache.js';

// A file: the images' bytes, an index of 8 numbers an image, and at the end the trailer that finds it.
const MAGIC = 0x56495452; // VITR
const INDEX_NUMBERS = 8;
const TRAILER_BYTES = 48;

/** Where caches are, unless the user says: XDG's folder for what can be made again. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'vitrine');
}

/**
 * What a data set's cache goes by: each file's path, size and time of change, and how images are decoded. Undefined where
 * an image has no file.
 */
export async function cacheKey(dataset: Dataset, settings: string): Promise<string | undefined> {
  const hash = createHash('sha256').update(settings);
  for (let start = 0; start < dataset.length; start += 64) {
    const indices = Array.from({ length: Math.min(64, dataset.length - start) }, (_, i) => start + i);
    const lines = await Promise.all(indices.map((index) => lineOf(dataset, index)));
    for (const line of lines) {
      if (line === undefined) return undefined;
      hash.update(line);
    }
  }
  return hash.digest('hex');
}

async function lineOf(dataset: Dataset, index: number): Promise<string | undefined> {
  const { image } = await dataset.get(index);
  if (isArchived(image)) return `${image.stamp}\n`;
  if (typeof image !== 'string') return undefined;
  const found = await stat(image).catch(() => undefined); // a missing file is told where it is decoded
  return `${image}\0${found?.size}\0${found?.mtimeMs}\n`;
}

/**
 * Decoded images in one file, which the stream reads. It is written beside as images are decoded, and renamed once it
 * has all of them; one of another key, or torn, counts for nothing.
 */
export class DiskCache implements ImageCache {
  readonly #entries = new Map<number, StoredImage>();
  readonly #path: string;
  readonly #key: string;
  #temporary: string | undefined;
  #file: FileHandle;
  #end = 0;
  #left: number;
  #finishing: Promise<void> | undefined;

  private constructor(path: string, key: string, count: number, file: FileHandle, temporary: string | undefined) {
    this.#path = path;
    this.#key = key;
    this.#left = count;
    this.#file = file;
    this.#temporary = temporary;
  }

  /** The cache of a key, with what an earlier run has decoded, or empty. */
  static async open(folder: string, key: string, count: number): Promise<DiskCache> {
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${key.slice(0, 32)}.images`);
    const whole = await open(path, 'r').catch(() => undefined);
    if (whole !== undefined) {
      const cache = new DiskCache(path, key, count, whole, undefined);
      if (await cache.#readIndex(count)) return cache;
      await whole.close();
    }
    const temporary = `${path}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`;
    const cache = new DiskCache(path, key, count, await open(temporary, 'wx+'), temporary);
    return cache;
  }

  get descriptor(): number {
    return this.#file.fd;
  }

  get(index: number): StoredImage | undefined {
    return this.#entries.get(index);
  }

  async put(index: number, image: StoredImage): Promise<StoredImage> {
    const { bytes, height, width, channels } = image;
    if (bytes === undefined || this.#temporary === undefined) return image;
    const begin = this.#end;
    this.#end += height * width * channels;
    let stored = { ...image, bytes: undefined, begin };
    try {
      await this.#file.write(await bytes.bytes(), 0, bytes.length, begin);
    } catch {
      return image; // a full disk: this image is decoded again, and the file never becomes whole
    }
    bytes.dispose();
    const there = this.#entries.get(index);
    if (there === undefined) {
      this.#entries.set(index, stored);
      this.#left--;
      if (this.#left === 0) this.#finishing = this.#finish().catch(() => undefined);
    } else stored = { ...there, bytes: undefined };
    return stored;
  }

  /** Counts an image that cannot be decoded as dealt with; a file that lacks it is never whole, and so is not kept. */
  async dispose(): Promise<void> {
    await this.#finishing;
    await this.#file.close();
    if (this.#temporary !== undefined) await rm(this.#temporary, { force: true });
  }

  async #finish(): Promise<void> {
    const numbers = new Float64Array(this.#entries.size * INDEX_NUMBERS);
    let at = 0;
    for (const [index, { begin, height, width, channels, corner }] of this.#entries) {
      numbers.set([index, begin, height, width, channels, Number(corner !== undefined), ...(corner ?? [0, 0])], at);
      at += INDEX_NUMBERS;
    }
    const index = Buffer.from(numbers.buffer);
    const trailer = Buffer.alloc(TRAILER_BYTES);
    trailer.writeUInt32LE(MAGIC, 0);
    trailer.writeUInt32LE(crc32(index), 4);
    trailer.writeDoubleLE(this.#end, 8);
    Buffer.from(this.#key.slice(0, 64), 'hex').copy(trailer, 16);
    await this.#file.write(index, 0, index.length, this.#end);
    await this.#file.write(trailer, 0, TRAILER_BYTES, this.#end + index.length);
    await this.#file.sync();
    await rename(this.#temporary ?? '', this.#path);
    this.#temporary = undefined;
  }

  /** Whether the file is whole and of this key; then its images are known. */
  async #readIndex(count: number): Promise<boolean> {
    const { size } = await this.#file.stat();
    const bytes = 8 * INDEX_NUMBERS * count;
    if (size < bytes + TRAILER_BYTES) return false;
    const tail = Buffer.alloc(bytes + TRAILER_BYTES);
    await this.#file.read(tail, 0, tail.length, size - tail.length);
    const index = tail.subarray(0, bytes);
    const trailer = tail.subarray(bytes);
    const end = size - tail.length;
    const isOurs =
      trailer.readUInt32LE(0) === MAGIC &&
      trailer.readDoubleLE(8) === end &&
      trailer.toString('hex', 16, TRAILER_BYTES) === this.#key &&
      trailer.readUInt32LE(4) === crc32(index);
    if (!isOurs) return false;
    for (let at = 0; at < bytes; at += 8 * INDEX_NUMBERS) {
      const number = (place: number): number => index.readDoubleLE(at + 8 * place);
      const corner = number(5) === 1 ? ([number(6), number(7)] as const) : undefined;
      const sizes = { height: number(2), width: number(3), channels: number(4) };
      this.#entries.set(number(0), { bytes: undefined, begin: number(1), ...sizes, corner });
    }
    return true;
  }
}
