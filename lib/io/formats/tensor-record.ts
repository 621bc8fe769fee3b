import { shapeText } from '../../check.js';
import { fileError, quoted } from './file-error.js';

// In safetensors' order of dtypes, widest first: its writer sorts tensors by it, so that all start aligned.
const dtypeBytes = { I64: 8, F64: 8, F32: 4, I32: 4, BF16: 2, F16: 2, I16: 2, I8: 1, U8: 1, BOOL: 1 } as const;

// NumPy's and PyTorch's own limit.
const maxDimensions = 64;

/** An element type of a tensor in a file, by its safetensors name. */
export type RecordDtype = keyof typeof dtypeBytes;

/** All element types, widest first. */
export const recordDtypes = Object.keys(dtypeBytes) as RecordDtype[];

/** A tensor as files hold it: row-major elements as raw little-endian bytes. */
export interface TensorRecord {
  /** The type of each element. */
  dtype: RecordDtype;
  /** Sizes of the dimensions; none for a number. */
  shape: number[];
  /** The elements as bytes, row-major and little-endian. */
  data: Uint8Array;
}

/** What is known of a tensor before its bytes are read. */
export interface TensorInfo {
  /** As the file names it. Only a `RecordDtype` can be read; a tensor of another is no reason not to read the rest. */
  readonly dtype: string;
  /** Sizes of the dimensions; none for a number. */
  readonly shape: readonly number[];
  /** Bytes of all elements. */
  readonly byteLength: number;
}

/** Tells whether `name` is an element type this library reads. */
export function isRecordDtype(name: unknown): name is RecordDtype {
  return typeof name === 'string' && Object.hasOwn(dtypeBytes, name);
}

/** Throws unless `name` is an element type this library reads. */
export function checkRecordDtype(name: string, where: string): RecordDtype {
  if (isRecordDtype(name)) return name;
  const advice = 'Convert the tensor to one of them first.';
  throw fileError(`a dtype among ${recordDtypes.join(', ')}`, where, quoted(name), advice);
}

/** Bytes of one element. */
export function elementBytes(dtype: RecordDtype): number {
  return dtypeBytes[dtype];
}

/** Bytes that a tensor takes; throws if a size is negative, fractional, or the product leaves the exact integers. */
export function recordBytes(dtype: RecordDtype, shape: readonly number[], where: string): number {
  if (shape.length > maxDimensions) {
    throw fileError(`at most ${maxDimensions} dimensions`, where, `${shape.length}`);
  }
  let bytes: number = dtypeBytes[dtype];
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw fileError('a shape of non-negative integers', where, shapeText(shape));
    }
    bytes *= size;
    if (!Number.isSafeInteger(bytes)) {
      throw fileError('a shape of fewer than 2^53 bytes', where, `${dtype} of shape ${shapeText(shape)}`);
    }
  }
  return bytes;
}

/** Throws unless the record holds just the bytes that its dtype and shape call for. */
export function checkRecord(record: TensorRecord, where: string): void {
  const bytes = recordBytes(record.dtype, record.shape, where);
  if (record.data.byteLength !== bytes) {
    const what = `${bytes} bytes (${record.dtype} of shape ${shapeText(record.shape)})`;
    throw fileError(what, where, `${record.data.byteLength} bytes`);
  }
}

/** @internal Fresh zeroed memory, aligned for every dtype; throws a clear error where `bytes` cannot be had. */
export function allocateBytes(bytes: number, where: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw fileError('a tensor that fits in memory', where, `one of ${bytes} bytes`);
  }
}
