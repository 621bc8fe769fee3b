import type { Entry, ZipFile } from 'yauzl';
import { shapeText } from '../../check.js';
import { late } from '../../late.js';
import { fileError, fileErrorFrom, quoted, tensorOf } from './file-error.js';
import { foreignFormat, foreignHeadBytes, torchPickle } from './foreign-format.js';
import { readHeadedStream } from './headed-stream.js';
import { checkInflation } from './inflate-limit.js';
import { checkNpyDtype, type NpyHeader, parseNpyHeader, toRowMajor } from './npy.js';
import { readableNames } from './readable-names.js';
import { openRegularFile, readFully } from './regular-file.js';
import { isRecordDtype, type RecordDtype, recordBytes, type TensorInfo, type TensorRecord } from './tensor-record.js';
import type { Weights } from './weights.js';

const extension = '.npy';
// Zip's own limit before its 64-bit extension; the largest checkpoints have some thousand arrays.
const maxArrays = 65_535;
const damagedAdvice = 'The file is damaged or not from numpy.savez; fetch or save it again.';

/** An open .npz archive whose entries' sizes are proven sane; arrays are read one at a time. Close it after use. */
export class NpzFile implements Weights {
  readonly #zip: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #infos: ReadonlyMap<string, TensorInfo>;

  /** @internal Takes over the archive; use `openNpz`. */
  constructor(
    readonly path: string,
    zip: ZipFile,
    entries: ReadonlyMap<string, Entry>,
    infos: ReadonlyMap<string, TensorInfo>,
  ) {
    this.#zip = zip;
    this.#entries = entries;
    this.#infos = infos;
  }

  /** Names of all arrays, without `.npy`, in the archive's order. */
  names(): string[] {
    return [...this.#entries.keys()];
  }

  /** Dtype, shape and bytes of an array; throws if there is none of that name. */
  info(name: string): TensorInfo {
    const info = this.#infos.get(name);
    if (info === undefined) throw fileError('the name of an array', this.path, quoted(name), 'names() lists them.');
    return info;
  }

  /** Reads an array into fresh memory, row-major; throws if it is damaged (checksums are compared). */
  async read(name: string): Promise<TensorRecord> {
    this.info(name);
    return readArray(this.#zip, this.#entries.get(name) as Entry, tensorOf(name, this.path)); // info() knows the name
  }

  /** A whole array in one chunk: a compressed one cannot be entered in its middle. */
  async *chunks(name: string): AsyncGenerator<Uint8Array> {
    yield (await this.read(name)).data;
  }

  /** Closes the archive; reading afterwards rejects. */
  async close(): Promise<void> {
    this.#zip.close();
  }
}

/**
 * Opens a NumPy .npz archive, stored or compressed, reading the arrays' headers only.
 *
 * Throws one clear error if it is not such an archive, is damaged, holds anything but arrays, or would inflate beyond
 * reason. Arrays of anything but plain numbers in this machine's byte order are listed, and refused when they are read
 * (those of Python objects are pickles and are never loaded).
 */
export async function openNpz(path: string): Promise<NpzFile> {
  const size = await checkMagic(path);
  const { openPromise } = await import('yauzl'); // for those who read such archives
  const zip = await orDamaged(path, openPromise(path, { autoClose: false }));
  try {
    const entries = await listEntries(zip, size, path);
    const infos = new Map<string, TensorInfo>();
    for (const [name, entry] of entries) infos.set(name, await readInfo(zip, entry, tensorOf(name, path)));
    return new NpzFile(path, zip, entries, infos);
  } catch (error) {
    zip.close();
    throw error;
  }
}

/**
 * Reads the arrays of a NumPy .npz archive, by name without `.npy`, row-major. Those that are not of plain numbers are
 * passed over, and a warning names them; an archive of nothing else is refused.
 *
 * @throws TypeError as `openNpz` and `read` do
 */
export async function readNpz(path: string): Promise<Map<string, TensorRecord>> {
  const file = await openNpz(path);
  try {
    const arrays = new Map<string, TensorRecord>();
    for (const name of readableNames(file)) arrays.set(name, await file.read(name));
    return arrays;
  } finally {
    await file.close();
  }
}

/** Size of the file, once its first bytes are those of a zip archive. */
async function checkMagic(path: string): Promise<number> {
  const { handle, size } = await openRegularFile(path);
  try {
    const head = new Uint8Array(Math.min(size, foreignHeadBytes));
    await readFully(handle, head, 0, path);
    const signature = Buffer.from(head.subarray(0, 4)).toString('latin1');
    // The second is that of an archive without any entry.
    if (signature === 'PK\x03\x04' || signature === 'PK\x05\x06') return size;
    const { what, advice } = foreignFormat(head, path) ?? { what: 'another kind of file', advice: damagedAdvice };
    throw fileError('an .npz archive', path, what, advice);
  } finally {
    await handle.close();
  }
}

/** All entries by array name; everything that can be refused without inflating a byte is refused here. */
async function listEntries(zip: ZipFile, size: number, path: string): Promise<Map<string, Entry>> {
  if (zip.entryCount > maxArrays) throw fileError(`at most ${maxArrays} arrays`, path, `${zip.entryCount}`);
  const entries = new Map<string, Entry>();
  let total = 0;
  for await (const entry of damagedAsError(path, zip.eachEntry())) {
    const { fileName, compressedSize, uncompressedSize } = entry;
    if (/(^|\/)data\.pkl$/.test(fileName)) {
      const { what, advice } = torchPickle(path);
      throw fileError('an .npz archive', path, what, advice);
    }
    if (!fileName.endsWith(extension)) {
      throw fileError('an .npz archive, of .npy arrays alone', path, `the entry ${quoted(fileName)}`, damagedAdvice);
    }
    const name = fileName.slice(0, -extension.length);
    if (entries.has(name)) throw fileError('every array once', path, `${quoted(name)} twice`, damagedAdvice);
    if (compressedSize > size) {
      const what = `an entry within the file's ${size} bytes`;
      throw fileError(what, tensorOf(name, path), `${compressedSize} bytes`, damagedAdvice);
    }
    checkInflation(uncompressedSize, compressedSize, tensorOf(name, path));
    total += uncompressedSize;
    entries.set(name, entry);
  }
  // Entries may share their bytes, so that each is modest and all of them are not.
  checkInflation(total, size, path);
  return entries;
}

async function readArray(zip: ZipFile, entry: Entry, where: string): Promise<TensorRecord> {
  const stream = await orDamaged(where, zip.openReadStreamPromise(entry));
  const chunks = withChecksum(damagedAsError(where, stream), entry.crc32, where);
  const { header, body } = await readHeadedStream(chunks, (head) => parseReadable(head, entry, where), where);
  const { dtype, shape, fortranOrder } = header;
  return { dtype, shape, data: fortranOrder ? await toRowMajor(body, dtype, shape) : body };
}

/** Inflates no more of an entry than its header. */
async function readInfo(zip: ZipFile, entry: Entry, where: string): Promise<TensorInfo> {
  const stream = await orDamaged(where, zip.openReadStreamPromise(entry));
  let head: Uint8Array = new Uint8Array(0);
  for await (const chunk of damagedAsError(where, stream)) {
    head = Buffer.concat([head, chunk]);
    const header = parseNpyHeader(head, where);
    if (header === undefined) continue;
    if (isRecordDtype(header.dtype)) checkSize(header, header.dtype, entry, where);
    return { dtype: header.dtype, shape: header.shape, byteLength: entry.uncompressedSize - header.headerBytes };
  }
  throw fileError('a whole header', where, `only ${head.byteLength} bytes`, damagedAdvice);
}

/** The header of an array that can be read, and the bytes that follow it. */
function parseReadable(
  head: Uint8Array,
  entry: Entry,
  where: string,
): (NpyHeader & { dtype: RecordDtype; bodyBytes: number }) | undefined {
  const header = parseNpyHeader(head, where);
  if (header === undefined) return undefined;
  const dtype = checkNpyDtype(header, where);
  return { ...header, dtype, bodyBytes: checkSize(header, dtype, entry, where) };
}

/** Bytes of an array, which must be what the archive says of its entry. */
function checkSize({ headerBytes, shape }: NpyHeader, dtype: RecordDtype, entry: Entry, where: string): number {
  const bodyBytes = recordBytes(dtype, shape, where);
  if (headerBytes + bodyBytes === entry.uncompressedSize) return bodyBytes;
  const what = `${headerBytes + bodyBytes} bytes (${dtype} of shape ${shapeText(shape)})`;
  throw fileError(what, where, `an entry of ${entry.uncompressedSize} bytes`, damagedAdvice);
}

/** Passes chunks on, and throws at the end if their CRC-32 is not the archive's: yauzl leaves that to its callers. */
async function* withChecksum(
  chunks: AsyncIterable<Uint8Array>,
  checksum: number,
  where: string,
): AsyncGenerator<Uint8Array> {
  let actual = 0;
  for await (const chunk of chunks) {
    actual = late.zlib.crc32(chunk, actual);
    yield chunk;
  }
  if (actual !== checksum) {
    throw fileError(`data with the checksum ${checksum}`, where, `${actual}`, damagedAdvice);
  }
}

async function* damagedAsError<T>(where: string, items: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (cause) {
    throw fileErrorFrom(cause, 'an intact .npz archive', where, damagedAdvice);
  }
}

async function orDamaged<T>(where: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw fileErrorFrom(cause, 'an intact .npz archive', where, damagedAdvice);
  }
}
