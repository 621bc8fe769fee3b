/**
 * Fields of a Protocol Buffers message, for the few that we write.
 * @see https://protobuf.dev/programming-guides/encoding
 */
const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Uint8Array.from([...bytes, rest]);
}

function field(number: number, wire: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([varint(number * 8 + wire), ...parts]);
}

/** A whole number of 64 bits, in two's complement where it is below 0. */
function int64(value: number): Uint8Array {
  if (value >= 0) return varint(value);
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Uint8Array.from([...bytes, Number(rest)]);
}

/** A whole number, which may be below 0. */
export function int64Field(number: number, value: number): Uint8Array {
  return field(number, WIRE.varint, int64(value));
}

/** Whole numbers, packed. */
export function int64sField(number: number, values: readonly number[]): Uint8Array {
  return bytesField(number, values.map(int64));
}

/** What stands in front of a message or of bytes whose length is known before they are. */
export function headOfBytes(number: number, length: number): Uint8Array {
  return field(number, WIRE.bytes, varint(length));
}

/** A whole number of at least 0. */
export function intField(number: number, value: number): Uint8Array {
  return field(number, WIRE.varint, varint(value));
}

export function doubleField(number: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return field(number, WIRE.fixed64, bytes);
}

export function floatField(number: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return field(number, WIRE.fixed32, bytes);
}

/** A string, bytes, or a message within the message. */
export function bytesField(number: number, value: string | Uint8Array | readonly Uint8Array[]): Uint8Array {
  const bytes =
    typeof value === 'string' ? Buffer.from(value) : value instanceof Uint8Array ? value : Buffer.concat(value);
  return field(number, WIRE.bytes, varint(bytes.byteLength), bytes);
}

/** Doubles, packed. */
export function doublesField(number: number, values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(8 * values.length);
  for (const [i, value] of values.entries()) bytes.writeDoubleLE(value, 8 * i);
  return bytesField(number, bytes);
}
