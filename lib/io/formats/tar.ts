import type { FileHandle } from 'node:fs/promises';
import { warnOnce } from '../../warning.js';
import { fileError, quoted } from './file-error.js';
import { readFully } from './regular-file.js';

/** A regular file of an archive, and where its bytes lie in it. */
export interface TarEntry {
  readonly name: string;
  readonly begin: number;
  readonly size: number;
}

// Sources: POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar's manual, "Basic Tar Format". Libraries read an
// archive from its begin to its end; here heads alone are read, so that indexing many images costs no reading of them.
const BLOCK = 512;
const TYPES = { regular: ['0', '\0', '7'], longName: 'L', longLink: 'K', paxNext: 'x', paxAll: 'g' } as const;
// As much as is read at once: a label and the head behind it are mostly in it.
const WINDOW = 8192;
// What names an entry is no longer than that in an archive that is one.
const MOST_NAMING = 1 << 20;

/** Reads an archive's bytes through a window. */
class Reader {
  #at = 0;
  #window = new Uint8Array(0);

  constructor(
    readonly handle: FileHandle,
    readonly size: number,
    readonly path: string,
  ) {}

  async read(begin: number, length: number): Promise<Uint8Array> {
    if (begin + length > this.size) {
      throw fileError(
        `${length} bytes at offset ${begin}`,
        this.path,
        `${this.size} in all`,
        'The archive is truncated.',
      );
    }
    const inside = begin >= this.#at && begin + length <= this.#at + this.#window.length;
    if (!inside) {
      this.#window = new Uint8Array(Math.min(Math.max(WINDOW, length), this.size - begin));
      this.#at = begin;
      await readFully(this.handle, this.#window, begin, this.path);
    }
    return this.#window.subarray(begin - this.#at, begin - this.#at + length);
  }
}

/**
 * The regular files of a tar archive, in their order; `read` gives bytes of it. ustar, pax and GNU's long names.
 *
 * @throws TypeError for what is no such archive, is compressed, or is truncated
 */
export async function* tarEntries(
  handle: FileHandle,
  size: number,
  path: string,
): AsyncGenerator<{ entry: TarEntry; read: () => Promise<Uint8Array> }> {
  const reader = new Reader(handle, size, path);
  let named: { path?: string; size?: number } = {};
  for (let at = 0; at < size; ) {
    const head = await reader.read(at, BLOCK);
    if (head.every((byte) => byte === 0)) return; // two such blocks end it
    checkHead(head, at, path);
    const type = String.fromCharCode(head[156]);
    const own = numberAt(head, 124, 12);
    const begin = at + BLOCK;
    const isNaming = type === TYPES.longName || type === TYPES.paxNext;
    const length = isNaming ? own : (named.size ?? own);
    if (begin + length > size) {
      throw fileError(`${length} bytes at offset ${begin}`, path, `${size} in all`, 'The archive is truncated.');
    }
    at = begin + Math.ceil(length / BLOCK) * BLOCK;
    if (isNaming) {
      if (length > MOST_NAMING) throw fileError('a name of a file', path, `one of ${length} bytes`);
      const bytes = await reader.read(begin, length);
      named = { ...named, ...(type === TYPES.longName ? { path: text(bytes) } : paxRecords(bytes)) };
      continue;
    }
    if (type === TYPES.longLink || type === TYPES.paxAll) continue;
    const entry = { name: named.path ?? ustarName(head), begin, size: length };
    named = {};
    if ((TYPES.regular as readonly string[]).includes(type)) yield { entry, read: () => reader.read(begin, length) };
  }
  warnOnce(`Expected blocks of zeros at the end of ${path} but received none: the archive may have been cut short.`);
}

function checkHead(head: Uint8Array, at: number, path: string): void {
  // The sum of all bytes, its own place taken for blanks.
  const sum = head.reduce((all, byte, i) => all + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (numberAt(head, 148, 8) === sum) return;
  const gzip = head[0] === 0x1f && head[1] === 0x8b;
  const found = gzip ? 'one compressed by gzip' : at === 0 ? 'something else' : `other bytes at offset ${at}`;
  throw fileError('a tar archive', path, found, gzip ? 'Unpack it: gunzip.' : '');
}

/** Octal digits, or where the first bit is set a number of as many bytes. */
function numberAt(head: Uint8Array, at: number, length: number): number {
  if ((head[at] & 0x80) === 0) return Number.parseInt(text(head.subarray(at, at + length)).trim() || '0', 8);
  let value = head[at] & 0x7f;
  for (let i = 1; i < length; i++) value = value * 256 + head[at + i];
  return value;
}

/** Up to the first zero. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
}

function ustarName(head: Uint8Array): string {
  const name = text(head.subarray(0, 100));
  const prefix = text(head.subarray(257, 262)) === 'ustar' && head[262] === 0 ? text(head.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** Lines of `<length> <key>=<value>`, the length that of the line. */
function paxRecords(bytes: Uint8Array): { path?: string; size?: number } {
  const found: { path?: string; size?: number } = {};
  for (let at = 0; at < bytes.length; ) {
    const blank = bytes.indexOf(32, at);
    const length = Number.parseInt(Buffer.from(bytes.subarray(at, blank)).toString('latin1'), 10);
    if (blank < 0 || !(length > 0)) return found;
    const [, key, value] =
      /^([^=]*)=([\s\S]*)\n$/.exec(Buffer.from(bytes.subarray(blank + 1, at + length)).toString()) ?? [];
    if (key === 'path' && value !== undefined) found.path = value;
    if (key === 'size' && Number.isSafeInteger(Number(value))) found.size = Number(value);
    at += length;
  }
  return found;
}

/** An entry's name in messages: of an archive, and escaped. */
export function entryOf(name: string, path: string): string {
  return `${quoted(name)} of ${path}`;
}
