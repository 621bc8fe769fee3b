import { type FileHandle, mkdir, open, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { fileErrorFrom } from '../../io/formats/file-error.js';
import { readFully } from '../../io/formats/regular-file.js';
import { late } from '../../late.js';
import { warnOnce } from '../../warning.js';
import type { Dataset } from '../sets/dataset.js';
import { isArchived } from '../sets/sample.js';
import { tidyCache } from './cache-folder.js';
import type { StoredImage } from './image-store.js';
import type { ImageCache } from './memory-cache.js';

// A file: the images' bytes, an index of 8 numbers an image, and at the end the trailer that finds it.
const MAGIC = 0x56495452; // VITR
const INDEX_NUMBERS = 8;
const TRAILER_BYTES = 48;

/**
 * What a data set's cache goes by: each file's path, size and time of change, and how images are decoded. Undefined where
 * an image has no file.
 */
export async function cacheKey(dataset: Dataset, settings: string): Promise<string | undefined> {
  const hash = late.crypto.createHash('sha256').update(settings);
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
 * Decoded images in one file, which the stream reads, and does not map: that takes five times as long for a photograph, and a
 * file that is cut short would end the process (docs/architecture.md, Images). It is written beside as images are decoded, and renamed once it
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
  #isFull = false;

  private constructor(path: string, key: string, count: number, file: FileHandle, temporary: string | undefined) {
    this.#path = path;
    this.#key = key;
    this.#left = count;
    this.#file = file;
    this.#temporary = temporary;
  }

  /**
   * The cache of a key, with what an earlier run has decoded, or empty.
   *
   * @throws TypeError where the folder cannot be written to
   */
  static async open(folder: string, key: string, count: number): Promise<DiskCache> {
    const path = join(folder, `${key.slice(0, 32)}.images`);
    const whole = await open(path, 'r').catch(() => undefined);
    if (whole !== undefined) {
      const cache = new DiskCache(path, key, count, whole, undefined);
      if (await cache.#readIndex(count)) {
        const now = new Date();
        await utimes(path, now, now).catch(() => undefined); // in use; who may not say so may read all the same
        return cache;
      }
      await whole.close();
    }
    const temporary = `${path}.${process.pid}.${late.crypto.randomBytes(6).toString('hex')}.tmp`;
    try {
      await mkdir(folder, { recursive: true });
      await tidyCache(folder);
      return new DiskCache(path, key, count, await open(temporary, 'wx+'), temporary);
    } catch (cause) {
      throw fileErrorFrom(cause, 'a folder that can be written to', folder, 'Say where: { cacheDir }.');
    }
  }

  get descriptor(): number {
    return this.#file.fd;
  }

  get(index: number): StoredImage | undefined {
    return this.#entries.get(index);
  }

  async put(index: number, image: StoredImage): Promise<StoredImage> {
    const { bytes, height, width, channels } = image;
    if (bytes === undefined || this.#temporary === undefined || this.#isFull) return image;
    const begin = this.#end;
    this.#end += height * width * channels;
    const stored = { ...image, bytes: undefined, begin };
    try {
      await this.#write(await bytes.bytes(), begin);
    } catch (error) {
      this.#tellFull(error);
      return image;
    }
    bytes.dispose();
    const there = this.#entries.get(index);
    if (there !== undefined) return there; // a sampler may draw an image twice
    this.#entries.set(index, stored);
    this.#count();
    return stored;
  }

  async read({ begin, height, width, channels }: StoredImage): Promise<Uint8Array> {
    const bytes = new Uint8Array(height * width * channels);
    await readFully(this.#file, bytes, begin, this.#path);
    return bytes;
  }

  /** Counts an image that cannot be decoded as dealt with: the file is whole without it. */
  skip(): void {
    this.#count();
  }

  #count(): void {
    this.#left--;
    if (this.#left !== 0 || this.#isFull || this.#temporary === undefined) return;
    this.#finishing = this.#finish().catch((error) => this.#tellFull(error));
  }

  /** A write may take fewer bytes than it is given. */
  async #write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  }

  /** What is there stays in use; the rest is decoded in every epoch, and the file never becomes whole. */
  #tellFull(error: unknown): void {
    if (this.#isFull) return; // another image's write was on its way
    this.#isFull = true;
    const reason = error instanceof Error ? error.message : String(error);
    const advice = 'Images that are in it are used, the others decoded in every epoch.';
    warnOnce(`Expected room for the cache ${this.#path} but received ${reason}. ${advice}`);
  }

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
    trailer.writeUInt32LE(late.zlib.crc32(index), 4);
    trailer.writeDoubleLE(this.#end, 8);
    Buffer.from(this.#key.slice(0, 64), 'hex').copy(trailer, 16);
    await this.#write(Buffer.concat([index, trailer]), this.#end);
    await this.#file.sync();
    await rename(this.#temporary ?? '', this.#path);
    this.#temporary = undefined;
  }

  /** Whether the file is whole and of this key; then its images are known. */
  async #readIndex(count: number): Promise<boolean> {
    const { size } = await this.#file.stat();
    if (size < TRAILER_BYTES) return false;
    const trailer = await this.#readTail(size - TRAILER_BYTES, TRAILER_BYTES);
    const end = trailer.readDoubleLE(8);
    const length = size - TRAILER_BYTES - end;
    const isOurs = trailer.readUInt32LE(0) === MAGIC && trailer.toString('hex', 16, TRAILER_BYTES) === this.#key;
    if (!isOurs || !(length >= 0 && length <= 8 * INDEX_NUMBERS * count)) return false;
    const index = await this.#readTail(end, length);
    if (trailer.readUInt32LE(4) !== late.zlib.crc32(index)) return false;
    for (let at = 0; at < length; at += 8 * INDEX_NUMBERS) {
      const number = (place: number): number => index.readDoubleLE(at + 8 * place);
      const corner = number(5) === 1 ? ([number(6), number(7)] as const) : undefined;
      const sizes = { height: number(2), width: number(3), channels: number(4) };
      this.#entries.set(number(0), { bytes: undefined, begin: number(1), ...sizes, corner });
    }
    return true;
  }

  async #readTail(begin: number, length: number): Promise<Buffer> {
    const tail = Buffer.alloc(length);
    await this.#file.read(tail, 0, length, begin);
    return tail;
  }
}
