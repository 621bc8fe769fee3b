import { shapeText } from '../../check.js';
import { writeFileAtomically } from './atomic-file.js';
import { toFloat32 } from './convert.js';
import { fileError } from './file-error.js';
import { checkNpyDtype, parseNpyHeader, toRowMajor } from './npy.js';
import { openRegularFile, readFully } from './regular-file.js';
import { allocateBytes, recordBytes } from './tensor-record.js';

/** A float32 array of a .npy file. */
export interface NpyArray {
  /** Row-major. */
  readonly data: Float32Array;
  /** Its sizes. */
  readonly shape: readonly number[];
}

// Room for three sizes of 15 digits; a multiple of 64, as NumPy aligns elements.
const HEADER_BYTES = 128;
const MOST_HEADER = 65_547;

/** The head of a float32 array in NumPy's version 1.0, always as long, so that it can be written last. */
export function npyHeader(shape: readonly number[]): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${sizes}), }`;
  const bytes = Buffer.alloc(HEADER_BYTES, ' ');
  bytes.write('\x93NUMPY\x01\x00', 0, 'latin1');
  bytes.writeUInt16LE(HEADER_BYTES - 10, 8);
  bytes.write(text, 10, 'latin1');
  bytes.write('\n', HEADER_BYTES - 1, 'latin1');
  return bytes;
}

/**
 * Writes rows (count,width) as they come, whole or not at all; how many there are need not be known before.
 *
 * @returns (count,width)
 */
export async function writeNpyRows(
  path: string,
  rows: AsyncIterable<Float32Array>,
  width: () => number,
): Promise<number[]> {
  let elements = 0;
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    yield npyHeader([0, 0]);
    for await (const part of rows) {
      elements += part.length;
      yield new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
    }
  };
  const shape = (): number[] => [elements / width(), width()];
  await writeFileAtomically(path, chunks(), () => npyHeader(shape()));
  return shape();
}

/**
 * Reads an array of a NumPy .npy file as float32; integers and float16 are converted.
 *
 * @throws TypeError, one sentence, for a file that is none, is damaged, or has no plain numbers
 * @see `numpy.load`
 */
export async function readNpy(path: string): Promise<NpyArray> {
  const { handle, size } = await openRegularFile(path);
  try {
    const head = new Uint8Array(Math.min(size, MOST_HEADER));
    await readFully(handle, head, 0, path);
    const header = parseNpyHeader(head, path);
    if (header === undefined) throw fileError('an .npy array', path, `${size} bytes`, 'The file is truncated.');
    const dtype = checkNpyDtype(header, path);
    const bytes = recordBytes(dtype, header.shape, path);
    if (size !== header.headerBytes + bytes) {
      const what = `an array of shape ${shapeText(header.shape)} in ${header.headerBytes + bytes} bytes`;
      throw fileError(what, path, `${size} bytes`, 'The file is damaged; write it again.');
    }
    const data = allocateBytes(bytes, path);
    await readFully(handle, data, header.headerBytes, path);
    const rows = header.fortranOrder ? await toRowMajor(data, dtype, header.shape) : data;
    return { data: toFloat32({ dtype, shape: header.shape, data: rows }, path), shape: header.shape };
  } finally {
    await handle.close();
  }
}
