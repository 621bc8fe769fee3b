import assert from 'node:assert/strict';
import { toFloat32, toInt32 } from '../../../lib/io/formats/convert.js';
import type { RecordDtype, TensorRecord } from '../../../lib/io/formats/tensor-record.js';

function record(dtype: RecordDtype, values: ArrayBufferView & { length: number }): TensorRecord {
  return { dtype, shape: [values.length], data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}

/** The value of an IEEE 754 number of `mantissaBits`, from the definition. */
function definedValue(bits: number, exponentBits: number, mantissaBits: number): number {
  const sign = bits >> (exponentBits + mantissaBits) === 0 ? 1 : -1;
  const exponent = (bits >> mantissaBits) & (2 ** exponentBits - 1);
  const fraction = (bits & (2 ** mantissaBits - 1)) / 2 ** mantissaBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
}

const all16Bits = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);

describe('toFloat32', () => {
  it('gives every float16 its exact value', () => {
    assert.deepEqual(
      [...toFloat32(record('F16', all16Bits))],
      Array.from(all16Bits, (bits) => definedValue(bits, 5, 10)),
    );
  });

  it('gives every bfloat16 its exact value', () => {
    assert.deepEqual(
      [...toFloat32(record('BF16', all16Bits))],
      Array.from(all16Bits, (bits) => definedValue(bits, 8, 7)),
    );
  });

  it('rounds float64 to nearest', () => {
    const values = [0, -0, 1 / 3, 1 + 2 ** -24, 1 + 3 * 2 ** -24, 2 ** -149, 1e-60, 1e60, -1e60, Number.NaN];
    const expected = [0, -0, Math.fround(1 / 3), 1, 1 + 2 ** -22, 2 ** -149, 0, Infinity, -Infinity, Number.NaN];
    assert.deepEqual([...toFloat32(record('F64', Float64Array.from(values)))], expected);
  });

  it('converts integers and booleans', () => {
    assert.deepEqual([...toFloat32(record('I64', BigInt64Array.of(-5n, 2n ** 40n)))], [-5, 2 ** 40]);
    assert.deepEqual([...toFloat32(record('U8', Uint8Array.of(0, 255)))], [0, 255]);
    assert.deepEqual([...toFloat32(record('BOOL', Uint8Array.of(0, 1, 1)))], [0, 1, 1]);
  });

  it('does not copy aligned float32, and copies bytes that are not aligned', () => {
    const values = Float32Array.of(1.5, -2);
    assert.equal(toFloat32(record('F32', values)).buffer, values.buffer);
    const shifted = new Uint8Array(9);
    shifted.set(new Uint8Array(values.buffer), 1);
    assert.deepEqual(toFloat32({ dtype: 'F32', shape: [2], data: shifted.subarray(1) }), values);
  });

  it('takes scalars and empty tensors', () => {
    assert.deepEqual([...toFloat32({ dtype: 'I8', shape: [], data: Uint8Array.of(255) })], [-1]);
    assert.deepEqual([...toFloat32({ dtype: 'BF16', shape: [3, 0], data: new Uint8Array(0) })], []);
  });

  it('refuses bytes that do not fit the shape', () => {
    const short: TensorRecord = { dtype: 'F32', shape: [2, 3], data: new Uint8Array(20) };
    assert.throws(() => toFloat32(short, 'x'), /Expected 24 bytes \(F32 of shape \(2,3\)\) for x.*20 bytes/);
  });
});

describe('toInt32', () => {
  it('converts every integer dtype', () => {
    assert.deepEqual([...toInt32(record('I16', Int16Array.of(-32768, 32767)))], [-32768, 32767]);
    assert.deepEqual([...toInt32(record('I8', Int8Array.of(-128, 127)))], [-128, 127]);
    assert.deepEqual([...toInt32(record('U8', Uint8Array.of(0, 255)))], [0, 255]);
    assert.deepEqual([...toInt32(record('BOOL', Uint8Array.of(0, 1)))], [0, 1]);
    const values = Int32Array.of(1, -1);
    assert.equal(toInt32(record('I32', values)).buffer, values.buffer);
  });

  it('converts int64 at the ends of the range', () => {
    const values = [-(2n ** 31n), -1n, 0n, 2n ** 31n - 1n];
    assert.deepEqual([...toInt32(record('I64', BigInt64Array.from(values)))], values.map(Number));
  });

  it('refuses int64 just past the range and names value and index', () => {
    for (const value of [2n ** 31n, -(2n ** 31n) - 1n, 2n ** 32n, 2n ** 63n - 1n, -(2n ** 63n)]) {
      assert.throws(() => toInt32(record('I64', BigInt64Array.of(0n, value))), new RegExp(`${value} at index 1`));
    }
  });

  it('refuses floating dtypes', () => {
    assert.throws(() => toInt32(record('F32', Float32Array.of(1))), /Expected an integer or boolean dtype/);
  });
});
