import { widened } from '../../tensor-values.js';
import { fileError } from './file-error.js';
import { checkRecord, type TensorRecord } from './tensor-record.js';

// Files are little-endian, and so is every machine that Node.js and the native kernels run on: views need no swap.

/**
 * The elements of a record as float32, any dtype, rounded to nearest like PyTorch's `Tensor.float()`.
 *
 * An aligned F32 record is not copied: the result shares its memory. Throws if the bytes do not fit the shape.
 */
export function toFloat32(record: TensorRecord, where = 'a tensor'): Float32Array {
  checkRecord(record, where);
  switch (record.dtype) {
    case 'F32':
      return view(Float32Array, record.data);
    case 'F16':
      return float16ToFloat32(view(Uint16Array, record.data));
    case 'BF16':
      return widened(view(Uint16Array, record.data));
    case 'F64':
      return Float32Array.from(view(Float64Array, record.data));
    case 'I64':
      return Float32Array.from(view(BigInt64Array, record.data), Number);
    default:
      return Float32Array.from(toInt32(record, where));
  }
}

/**
 * The elements of an integer or boolean record as int32, like PyTorch's `Tensor.int()`, but range-checked.
 *
 * An aligned I32 record is not copied. Throws for a floating dtype, and for an I64 value that int32 cannot hold.
 */
export function toInt32(record: TensorRecord, where = 'a tensor'): Int32Array {
  checkRecord(record, where);
  switch (record.dtype) {
    case 'I32':
      return view(Int32Array, record.data);
    case 'I64':
      return int64ToInt32(view(Int32Array, record.data), where);
    case 'I16':
      return Int32Array.from(view(Int16Array, record.data));
    case 'I8':
      return Int32Array.from(view(Int8Array, record.data));
    case 'U8':
      return Int32Array.from(record.data);
    case 'BOOL':
      return Int32Array.from(record.data, (byte) => (byte === 0 ? 0 : 1));
    default:
      throw fileError('an integer or boolean dtype', where, record.dtype, 'Read it as float32 instead.');
  }
}

interface ViewType<T> {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

function view<T>(type: ViewType<T>, data: Uint8Array): T {
  const aligned = data.byteOffset % type.BYTES_PER_ELEMENT === 0 ? data : new Uint8Array(data);
  return new type(aligned.buffer, aligned.byteOffset, aligned.byteLength / type.BYTES_PER_ELEMENT);
}

/** `halves` are IEEE 754 binary16 bit patterns; NaN payloads are kept. */
function float16ToFloat32(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  const floats = new Float32Array(bits.buffer);
  for (let i = 0; i < halves.length; i++) {
    const sign = (halves[i] & 0x8000) << 16;
    const exponent = (halves[i] >> 10) & 0x1f;
    const mantissa = halves[i] & 0x3ff;
    if (exponent === 0) {
      // Subnormal halves are mantissa * 2^-24, normal numbers in float32.
      floats[i] = (sign === 0 ? 1 : -1) * mantissa * 2 ** -24;
    } else {
      // Rebias from 15 to 127; all-ones stays all-ones (infinity and NaN).
      bits[i] = sign | ((exponent === 0x1f ? 0xff : exponent + 112) << 23) | (mantissa << 13);
    }
  }
  return floats;
}

/** `words` are the low and the high half of each int64; it fits in int32 where the high half only repeats the sign. */
function int64ToInt32(words: Int32Array, where: string): Int32Array {
  const result = new Int32Array(words.length / 2);
  for (let i = 0; i < result.length; i++) {
    const low = words[2 * i];
    const high = words[2 * i + 1];
    if (high !== low >> 31) {
      const value = (BigInt(high) << 32n) | BigInt(low >>> 0);
      throw fileError('integers from -2147483648 to 2147483647', where, `${value} at index ${i}`);
    }
    result[i] = low;
  }
  return result;
}
