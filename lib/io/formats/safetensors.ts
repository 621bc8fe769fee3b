import type { FileHandle } from 'node:fs/promises';
import { expected } from '../../check.js';
import { writeFileAtomically } from './atomic-file.js';
import { fileError, tensorOf } from './file-error.js';
import { foreignFormat, foreignHeadBytes } from './foreign-format.js';
import { openRegularFile, readFully } from './regular-file.js';
import {
  damagedAdvice,
  formatHeader,
  lengthBytes,
  maxHeaderBytes,
  parseHeader,
  type SafetensorsHeader,
  type TensorEntry,
} from './safetensors-header.js';
import {
  allocateBytes,
  checkRecord,
  checkRecordDtype,
  type RecordDtype,
  recordBytes,
  recordDtypes,
  type TensorInfo,
  type TensorRecord,
} from './tensor-record.js';
import type { Weights } from './weights.js';

/** A tensor to write; `data` may be a function, called once, when its turn comes. */
export interface TensorSource {
  /** The type of each element. */
  readonly dtype: RecordDtype;
  /** Sizes of the dimensions; none for a number. */
  readonly shape: readonly number[];
  /** The elements as bytes, row-major and little-endian. */
  readonly data: Uint8Array | (() => Uint8Array | Promise<Uint8Array>);
}

/** An open safetensors file whose header is proven sound; tensors are read one at a time. Close it after use. */
export class SafetensorsFile implements Weights {
  readonly #handle: FileHandle;
  readonly #header: SafetensorsHeader;
  readonly #dataStart: number;

  /** @internal Takes over the handle; use `readSafetensors`. */
  constructor(
    /** The file's path, as it was given. */
    readonly path: string,
    handle: FileHandle,
    header: SafetensorsHeader,
    dataStart: number,
  ) {
    this.#handle = handle;
    this.#header = header;
    this.#dataStart = dataStart;
  }

  /** The strings under `__metadata__`. */
  get metadata(): Readonly<Record<string, string>> {
    return this.#header.metadata;
  }

  /** Names of all tensors, in the order of their bytes (so that reading them in turn is sequential). */
  names(): string[] {
    return [...this.#header.tensors.keys()];
  }

  /** Tells whether the file has a tensor of this name. */
  has(name: string): boolean {
    return this.#header.tensors.has(name);
  }

  /** Dtype, shape and bytes of a tensor; throws if there is none of that name. */
  info(name: string): TensorInfo {
    const { dtype, shape, begin, end } = this.#entry(name);
    return { dtype, shape, byteLength: end - begin };
  }

  /** Reads a tensor's bytes straight into `target`; throws if that is not of just their length, or on a read error. */
  async readInto(name: string, target: Uint8Array): Promise<void> {
    const { byteLength } = this.info(name);
    if (target.byteLength !== byteLength) {
      const where = tensorOf(name, this.path);
      throw fileError(`a buffer of ${byteLength} bytes`, where, `${target.byteLength} bytes`);
    }
    await this.readRange(name, target, 0);
  }

  /** Fills `target` with a tensor's bytes from `offset` on; throws if it has fewer, or on a read error. */
  async readRange(name: string, target: Uint8Array, offset: number): Promise<void> {
    const { begin, end } = this.#entry(name);
    const where = tensorOf(name, this.path);
    if (offset + target.byteLength > end - begin) {
      const received = `${offset} to ${offset + target.byteLength}`;
      throw fileError(`a range within its ${end - begin} bytes`, where, received);
    }
    await readFully(this.#handle, target, this.#dataStart + begin + offset, where);
  }

  /** A tensor's bytes from first to last through `buffer`, of a multiple of 8 bytes, which each chunk overwrites. */
  async *chunks(name: string, buffer: Uint8Array): AsyncGenerator<Uint8Array> {
    const { byteLength } = this.info(name);
    for (let offset = 0; offset < byteLength; offset += buffer.byteLength) {
      const chunk = buffer.subarray(0, Math.min(buffer.byteLength, byteLength - offset));
      await this.readRange(name, chunk, offset);
      yield chunk;
    }
  }

  /** Reads a tensor into fresh memory; throws if it is of a dtype that this library does not read. */
  async read(name: string): Promise<TensorRecord> {
    const { dtype, shape, byteLength } = this.info(name);
    const where = tensorOf(name, this.path);
    const record = { dtype: checkRecordDtype(dtype, where), shape: [...shape], data: allocateBytes(byteLength, where) };
    await this.readInto(name, record.data);
    return record;
  }

  /** Closes the file; reading afterwards rejects. */
  close(): Promise<void> {
    return this.#handle.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #entry(name: string): TensorEntry {
    const entry = this.#header.tensors.get(name);
    if (entry === undefined)
      throw fileError('the name of a tensor', this.path, `"${name}"`, 'names() lists what it holds.');
    return entry;
  }
}

/**
 * Opens a safetensors file (https://huggingface.co/docs/safetensors), reading the header only.
 *
 * Throws one clear error, before any tensor is read, if the file is not safetensors or anything in its header is
 * inconsistent: lengths, JSON, repeated names, shapes, offsets, the file's size. Tensors of dtypes that this library
 * does not read are listed like the others, and refused when they are read.
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const { handle, size } = await openRegularFile(path);
  try {
    const headerBytes = await readHeaderLength(handle, size, path);
    const bytes = new Uint8Array(headerBytes);
    await readFully(handle, bytes, lengthBytes, path);
    const dataStart = lengthBytes + headerBytes;
    return new SafetensorsFile(path, handle, parseHeader(bytes, size - dataStart, path), dataStart);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Writes a safetensors file atomically, byte for byte as the safetensors library does: widest dtype first, then by
 * name.
 *
 * Throws if a tensor's bytes do not fit its shape, or the file cannot be written; a file that was there then stays.
 */
export async function writeSafetensors(
  path: string,
  entries: Iterable<readonly [name: string, tensor: TensorSource]>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (typeof (entries as Partial<typeof entries> | undefined)?.[Symbol.iterator] !== 'function') {
    throw expected('pairs of a name and a tensor', 'writeSafetensors', entries);
  }
  const sources = [...entries].sort(compareForWriting);
  const tensors = new Map<string, TensorEntry>();
  let begin = 0;
  for (const [name, { dtype, shape }] of sources) {
    if (name === '__metadata__' || tensors.has(name)) {
      throw fileError('tensor names that differ, and from "__metadata__"', path, `"${name}"`);
    }
    const end = begin + recordBytes(dtype, shape, tensorOf(name, path));
    tensors.set(name, { dtype, shape, begin, end });
    begin = end;
  }
  const header = formatHeader({ tensors, metadata }, path);
  await writeFileAtomically(path, fileChunks(path, header, sources));
}

async function* fileChunks(
  path: string,
  header: Uint8Array,
  sources: readonly (readonly [string, TensorSource])[],
): AsyncGenerator<Uint8Array> {
  yield header;
  for (const [name, { dtype, shape, data }] of sources) {
    const bytes = typeof data === 'function' ? await data() : data;
    checkRecord({ dtype, shape: [...shape], data: bytes }, tensorOf(name, path));
    yield bytes;
  }
}

function compareForWriting(
  [nameA, a]: readonly [string, TensorSource],
  [nameB, b]: readonly [string, TensorSource],
): number {
  // Names compare by their UTF-8 bytes, as in Rust.
  return (
    recordDtypes.indexOf(a.dtype) - recordDtypes.indexOf(b.dtype) ||
    Buffer.compare(Buffer.from(nameA), Buffer.from(nameB))
  );
}

/** Reads and checks the first eight bytes; a file of another known format gets an error that names it. */
async function readHeaderLength(handle: FileHandle, size: number, path: string): Promise<number> {
  const head = new Uint8Array(Math.min(size, foreignHeadBytes));
  await readFully(handle, head, 0, path);
  const fail = (what: string, received: string): never => {
    const foreign = foreignFormat(head, path);
    if (foreign !== undefined) throw fileError('a safetensors file', path, foreign.what, foreign.advice);
    throw fileError(what, path, received, damagedAdvice);
  };
  if (size < lengthBytes) return fail('a safetensors file, at least 8 bytes', `${size} bytes`);
  const declared = Buffer.from(head.buffer).readBigUInt64LE();
  const room = size - lengthBytes;
  if (declared > BigInt(room))
    return fail(`a header within the ${room} bytes after its length`, `a length of ${declared}`);
  if (declared > BigInt(maxHeaderBytes)) {
    return fail(`a header of at most ${maxHeaderBytes} bytes`, `a length of ${declared}`);
  }
  if (head[lengthBytes] !== '{'.charCodeAt(0)) return fail('a header that starts with "{"', 'something else');
  return Number(declared);
}
