import { shapeText } from '../../check.js';
import { late } from '../../late.js';
import { fileError, fileErrorFrom } from './file-error.js';
import { readHeadedStream, type StreamHeader } from './headed-stream.js';
import { checkInflation } from './inflate-limit.js';
import { openRegularFile, readChunks, readFully } from './regular-file.js';
import { recordBytes } from './tensor-record.js';

/** An IDX array: row-major unsigned bytes. */
export interface IdxArray {
  /** Sizes of the dimensions. */
  shape: number[];
  /** The elements, row-major. */
  data: Uint8Array;
}

interface IdxHeader extends StreamHeader {
  readonly shape: number[];
}

// The third byte of the magic number, http://yann.lecun.com/exdb/mnist.
const unsignedByte = 0x08;
const otherTypes: Readonly<Record<number, string>> = {
  9: 'signed bytes',
  11: 'int16',
  12: 'int32',
  13: 'float32',
  14: 'float64',
};

/**
 * Reads an IDX file (the format of MNIST) of unsigned bytes, plain or gzipped, known by its first bytes.
 *
 * Throws one clear error if it is anything else, is shorter or longer than its header says, or declares more than it
 * can hold.
 */
export async function readIdx(path: string): Promise<IdxArray> {
  const { handle, size } = await openRegularFile(path);
  try {
    const magic = new Uint8Array(Math.min(size, 2));
    await readFully(handle, magic, 0, path);
    const gzipped = magic[0] === 0x1f && magic[1] === 0x8b;
    const chunks = gzipped ? gunzip(readChunks(handle), path) : readChunks(handle);
    const parse = (head: Uint8Array): IdxHeader | undefined => {
      const header = parseIdxHeader(head, path);
      if (header !== undefined) checkSize(header, size, gzipped, path);
      return header;
    };
    const { header, body } = await readHeadedStream(chunks, parse, path);
    return { shape: header.shape, data: body };
  } finally {
    await handle.close();
  }
}

/** Two zero bytes, the element type, the number of dimensions, then each as a big-endian uint32. */
function parseIdxHeader(head: Uint8Array, path: string): IdxHeader | undefined {
  if (head.byteLength < 4) return undefined;
  const [zero, zeroToo, type, dimensions] = head;
  const isIdx = zero === 0 && zeroToo === 0 && (type === unsignedByte || type in otherTypes) && dimensions > 0;
  if (!isIdx) {
    const received = Buffer.from(head.subarray(0, 4)).toString('hex');
    throw fileError(
      'an IDX file, first bytes 0000080n in hexadecimal',
      path,
      received,
      'Check that it is the right file.',
    );
  }
  if (type !== unsignedByte)
    throw fileError('an IDX file of unsigned bytes', path, otherTypes[type], 'Convert it to uint8.');
  const headerBytes = 4 + 4 * dimensions;
  if (head.byteLength < headerBytes) return undefined;
  const sizes = new DataView(head.buffer, head.byteOffset + 4, 4 * dimensions);
  const shape = Array.from({ length: dimensions }, (_, i) => sizes.getUint32(4 * i));
  return { headerBytes, bodyBytes: recordBytes('U8', shape, path), shape };
}

/** Before memory is taken for the array: can the file hold what its header declares? */
function checkSize({ headerBytes, bodyBytes, shape }: IdxHeader, size: number, gzipped: boolean, path: string): void {
  if (gzipped) {
    checkInflation(headerBytes + bodyBytes, size, path);
  } else if (headerBytes + bodyBytes !== size) {
    const what = `${headerBytes + bodyBytes} bytes (shape ${shapeText(shape)})`;
    throw fileError(what, path, `a file of ${size} bytes`, 'It is truncated or damaged; fetch it again.');
  }
}

async function* gunzip(source: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  const unzipped = late.zlib.createGunzip();
  // What fails on the way reaches the loop below through `unzipped`; leaving the loop early closes both.
  late.stream.pipeline(source, unzipped, () => undefined);
  try {
    yield* unzipped;
  } catch (cause) {
    throw fileErrorFrom(cause, 'intact gzip data', path, 'The file is truncated or damaged; fetch it again.');
  }
}
