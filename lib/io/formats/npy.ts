import { setImmediate } from 'node:timers/promises';
import { fileError, quoted } from './file-error.js';
import { elementBytes, isRecordDtype, type RecordDtype } from './tensor-record.js';

// Format: numpy/lib/_format_impl.py, "Format Version 1.0" to "3.0".

/** The header of one .npy array. */
export interface NpyHeader {
  readonly headerBytes: number;
  /** A `RecordDtype`, or what NumPy calls one that is none. */
  readonly dtype: string;
  readonly shape: number[];
  readonly fortranOrder: boolean;
}

// Plain arrays need some hundred bytes; only structured dtypes, which are refused, need more than version 1.0 allows.
const maxHeaderBytes = 65_535;

const dtypes: ReadonlyMap<string, RecordDtype> = new Map([
  ['<f8', 'F64'],
  ['<f4', 'F32'],
  ['<f2', 'F16'],
  ['|V2', 'BF16'], // NumPy has no bfloat16: ml_dtypes writes it as two opaque bytes, and big_vision reads it back so.
  ['<i8', 'I64'],
  ['<i4', 'I32'],
  ['<i2', 'I16'],
  ['|i1', 'I8'],
  ['|u1', 'U8'],
  ['|b1', 'BOOL'],
]);

/** Parses the start of an .npy array; undefined while `head` is too short to hold it, and throws if it is not one. */
export function parseNpyHeader(head: Uint8Array, where: string): NpyHeader | undefined {
  if (head.byteLength < 12) return undefined;
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (bytes.toString('latin1', 0, 6) !== '\x93NUMPY') {
    throw fileError('an .npy array', where, 'other bytes', 'Save it with numpy.savez in Python.');
  }
  const [major, minor] = bytes.subarray(6, 8);
  if (major < 1 || major > 3 || minor !== 0) {
    throw fileError(
      '.npy version 1.0, 2.0 or 3.0',
      where,
      `version ${major}.${minor}`,
      'Save it with numpy.savez again.',
    );
  }
  const start = major === 1 ? 10 : 12;
  const length = major === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  if (length > maxHeaderBytes)
    throw fileError(`an .npy header of at most ${maxHeaderBytes} bytes`, where, `${length} bytes`);
  if (head.byteLength < start + length) return undefined;
  const { descr, fortranOrder, shape } = parseDictionary(bytes.toString('utf8', start, start + length), where);
  const dtype = dtypes.get(descr) ?? numpys + descr;
  return { headerBytes: start + length, dtype, shape, fortranOrder };
}

// Some ten milliseconds of work; then whatever else waits for the event loop has its turn.
const elementsAtOnce = 1 << 20;

/** Copies column-major elements (Fortran order, first index fastest) into row-major order. */
export async function toRowMajor(
  columnMajor: Uint8Array<ArrayBuffer>,
  dtype: RecordDtype,
  shape: readonly number[],
): Promise<Uint8Array> {
  // Elements move as integers, so that no bit of a NaN changes; eight bytes go as two words.
  const width = elementBytes(dtype);
  const Unit = width === 1 ? Uint8Array : width === 2 ? Uint16Array : Uint32Array;
  const units = Math.ceil(width / 4);
  const from = new Unit(columnMajor.buffer, columnMajor.byteOffset, columnMajor.byteLength / Unit.BYTES_PER_ELEMENT);
  const to = new Unit(from.length);
  // Axes of one element change nothing, and 60 of them would be stepped over for every element.
  const sizes = shape.filter((size) => size !== 1);
  const strides: number[] = [];
  sizes.reduce((stride, size) => {
    strides.push(stride);
    return stride * size;
  }, units);
  const index = sizes.map(() => 0);
  let source = 0;
  for (let target = 0; target < to.length; target += units) {
    if (target % (elementsAtOnce * units) === 0 && target > 0) await setImmediate();
    for (let unit = 0; unit < units; unit++) to[target + unit] = from[source + unit];
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      source += strides[axis];
      if (++index[axis] < sizes[axis]) break;
      source -= strides[axis] * sizes[axis];
      index[axis] = 0;
    }
  }
  return new Uint8Array(to.buffer);
}

const numpys = 'NumPy ';
const structured = 'a structured dtype';

interface Dictionary {
  descr: string;
  fortranOrder: boolean;
  shape: number[];
}

/** Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`, a Python literal, with those three keys. */
function parseDictionary(text: string, where: string): Dictionary {
  const malformed = (what: string): Error =>
    fileError(what, where, quoted(text.trim()), 'Save it with numpy.savez again.');
  const literal = text.trim();
  if (!literal.startsWith('{') || !literal.endsWith('}')) throw malformed('a Python dictionary as .npy header');
  if (/['"]descr['"]\s*:\s*\[/.test(literal)) return { descr: structured, fortranOrder: false, shape: [] };
  const values = new Map<string, string>();
  const item = /\s*(['"])(\w+)\1\s*:\s*('[^']*'|"[^"]*"|True|False|\([^()]*\))\s*(?:,|$)\s*/y;
  const items = literal.slice(1, -1);
  while (item.lastIndex < items.length) {
    const match = item.exec(items);
    if (match === null) throw malformed("an .npy header of 'descr', 'fortran_order' and 'shape'");
    const [, , key, value] = match;
    if (values.has(key)) throw malformed(`'${key}' once in the .npy header`);
    values.set(key, value);
  }
  const descr = /^['"](.*)['"]$/.exec(values.get('descr') ?? '');
  const order = values.get('fortran_order') ?? '';
  const shape = /^\(\s*((?:\d+L?\s*,\s*)*(?:\d+L?)?)\s*\)$/.exec(values.get('shape') ?? '');
  if (values.size !== 3 || descr === null || shape === null || !/^(True|False)$/.test(order)) {
    throw malformed("an .npy header of 'descr', 'fortran_order' and 'shape'");
  }
  const sizes = shape[1].split(',').filter((size) => size.trim() !== '');
  return { descr: descr[1], fortranOrder: order === 'True', shape: sizes.map((size) => Number.parseInt(size, 10)) };
}

/** Throws unless the elements of an array with this header can be read. */
export function checkNpyDtype({ dtype }: NpyHeader, where: string): RecordDtype {
  if (isRecordDtype(dtype)) return dtype;
  const descr = dtype.slice(numpys.length);
  if (descr === structured) {
    const advice = 'Save each of its fields as an array of its own.';
    throw fileError('an array of numbers', where, 'a structured array', advice);
  }
  if (descr.includes('O')) {
    const advice = 'Loading a pickle can run any code, so it is not read; save plain arrays with numpy.savez.';
    throw fileError('numbers', where, 'an array of Python objects, which is a pickle', advice);
  }
  const advice = 'Convert it with astype before numpy.savez.';
  throw fileError(`an .npy dtype among ${[...dtypes.keys()].join(', ')}`, where, quoted(descr), advice);
}
