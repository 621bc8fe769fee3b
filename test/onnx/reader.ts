import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** An ONNX file as the graph's interpreter takes it; read by the wire format alone, without any of the writer's code. */
export interface OnnxFile {
  irVersion: number;
  opset: number;
  metadata: Record<string, string>;
  nodes: {
    op: string;
    name: string;
    inputs: string[];
    outputs: string[];
    attributes: Record<string, number | number[]>;
  }[];
  initializers: Map<string, { shape: number[]; dtype: 'float' | 'int64'; values: number[]; external: boolean }>;
  inputs: { name: string; shape: (number | string)[] }[];
  outputs: { name: string; shape: (number | string)[] }[];
}

/** A field's number, with what it holds: a number of a varint or fixed 32 bits, or bytes. */
type Fields = Map<number, (number | bigint | Buffer)[]>;

/** The fields of one message. @see https://protobuf.dev/programming-guides/encoding */
function fieldsOf(bytes: Buffer): Fields {
  const fields: Fields = new Map();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
  };
  const value = (wire: number): number | bigint | Buffer => {
    if (wire === 0) return varint();
    if (wire === 5) {
      at += 4;
      return bytes.readFloatLE(at - 4);
    }
    if (wire !== 2) throw new Error(`wire type ${wire}`);
    const length = Number(varint());
    if (at + length > bytes.length) throw new Error('a field past the end of its message');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const number = key >> 3;
    fields.set(number, [...(fields.get(number) ?? []), value(key & 7)]);
  }
  return fields;
}

const all = (fields: Fields, number: number): Buffer[] => (fields.get(number) ?? []) as Buffer[];
const texts = (fields: Fields, number: number): string[] => all(fields, number).map(String);
const text = (fields: Fields, number: number): string => texts(fields, number).join();
const numbers = (fields: Fields, number: number): number[] => (fields.get(number) ?? []).map(Number);

/** StringStringEntryProtos as an object. */
function entries(fields: Fields, number: number): Record<string, string> {
  return Object.fromEntries(
    all(fields, number).map((bytes) => {
      const entry = fieldsOf(bytes);
      return [text(entry, 1), text(entry, 2)];
    }),
  );
}

function packed(bytes: Buffer): number[] {
  const values: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    let end = at;
    while (bytes.readUInt8(end) >= 0x80) end++;
    const field = Buffer.concat([Buffer.from([8]), bytes.subarray(at, end + 1)]);
    values.push(Number(fieldsOf(field).get(1)?.[0]));
    at = end + 1;
  }
  return values;
}

function floats(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
}

function attribute(bytes: Buffer): [string, number | number[]] {
  const fields = fieldsOf(bytes);
  const kind = numbers(fields, 20)[0];
  if (kind === 7) return [text(fields, 1), numbers(fields, 8)];
  return [text(fields, 1), numbers(fields, kind === 1 ? 2 : 3)[0]];
}

function node(bytes: Buffer): OnnxFile['nodes'][number] {
  const fields = fieldsOf(bytes);
  return {
    op: text(fields, 4),
    name: text(fields, 3),
    inputs: texts(fields, 1),
    outputs: texts(fields, 2),
    attributes: Object.fromEntries(all(fields, 5).map(attribute)),
  };
}

function valueInfo(bytes: Buffer): OnnxFile['inputs'][number] {
  const fields = fieldsOf(bytes);
  const tensor = fieldsOf(all(fieldsOf(all(fields, 2)[0]), 1)[0]);
  if (numbers(tensor, 1)[0] !== 1) throw new Error('a value that is not of floats');
  const dims = all(fieldsOf(all(tensor, 2)[0]), 1).map(fieldsOf);
  return { name: text(fields, 1), shape: dims.map((dim) => (dim.has(2) ? text(dim, 2) : numbers(dim, 1)[0])) };
}

function initializer(bytes: Buffer, folder: string) {
  const fields = fieldsOf(bytes);
  const shape = numbers(fields, 1);
  const dtype = numbers(fields, 2)[0] === 7 ? ('int64' as const) : ('float' as const);
  const external = numbers(fields, 14)[0] === 1;
  const read = (): number[] => {
    if (dtype === 'int64') return all(fields, 7).flatMap(packed);
    if (!external) return floats(all(fields, 9)[0]);
    const { location, offset, length } = entries(fields, 13);
    const file = readFileSync(join(folder, location));
    return floats(file.subarray(Number(offset), Number(offset) + Number(length)));
  };
  return [text(fields, 8), { shape, dtype, values: read(), external }] as const;
}

/** Reads an ONNX file, and the weights beside it. */
export function readOnnx(path: string): OnnxFile {
  return parseOnnx(readFileSync(path), dirname(path));
}

/** What an ONNX file says whose bytes these are. */
export function parseOnnx(bytes: Buffer, folder = ''): OnnxFile {
  const model = fieldsOf(bytes);
  const graph = fieldsOf(all(model, 7)[0]);
  return {
    irVersion: numbers(model, 1)[0],
    opset: numbers(fieldsOf(all(model, 8)[0]), 2)[0],
    metadata: entries(model, 14),
    nodes: all(graph, 1).map(node),
    initializers: new Map(all(graph, 5).map((tensor) => initializer(tensor, folder))),
    inputs: all(graph, 11).map(valueInfo),
    outputs: all(graph, 12).map(valueInfo),
  };
}
