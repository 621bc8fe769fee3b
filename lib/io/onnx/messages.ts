import {
  type Attribute,
  type Constant,
  Float,
  type GraphValue,
  type OnnxGraph,
  type OnnxNode,
} from '../../onnx/graph.js';
import { bytesField, floatField, headOfBytes, int64Field, int64sField, intField } from '../formats/protobuf.js';

/** Bytes that are asked for when they are to be written. */
export interface LateBytes {
  readonly byteLength: number;
  read(): Promise<Uint8Array>;
}

/** A part of a file. */
export type Piece = Uint8Array | LateBytes;

/** A weight: its values come late, or stand in a file beside, from `offset` on. */
export interface Initializer {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: LateBytes | { readonly location: string; readonly offset: number; readonly length: number };
}

/** What is said of a model besides its graph. */
export interface ModelFacts {
  readonly producer: string;
  readonly version: string;
  readonly metadata: Readonly<Record<string, string>>;
}

// Field numbers of onnx.proto, IR version 8, which came with opset 17.
const IR_VERSION = 8;
/** The operators' version. */
export const OPSET = 17;
const DTYPE = { float: 1, int64: 7 } as const;
const KIND = { float: 1, int: 2, ints: 7 } as const;
const EXTERNAL = 1;

/** The bytes of pieces together. */
export function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
}

/** A message of pieces within another. */
function nested(number: number, pieces: readonly Piece[]): Piece[] {
  return [headOfBytes(number, lengthOf(pieces)), ...pieces];
}

/** ModelProto: a whole file. */
export function modelMessage(graph: OnnxGraph, initializers: readonly Initializer[], facts: ModelFacts): Piece[] {
  return [
    intField(1, IR_VERSION),
    bytesField(2, facts.producer),
    bytesField(3, facts.version),
    ...nested(7, graphMessage(graph, initializers)),
    bytesField(8, intField(2, OPSET)),
    ...Object.entries(facts.metadata).map((entry) => bytesField(14, entryMessage(entry))),
  ];
}

/** GraphProto */
function graphMessage(graph: OnnxGraph, initializers: readonly Initializer[]): Piece[] {
  return [
    ...graph.nodes.map((node) => bytesField(1, nodeMessage(node))),
    bytesField(2, 'vitrine'),
    ...initializers.flatMap((initializer) => nested(5, tensorMessage(initializer))),
    ...[...graph.constants].map(([name, constant]) => bytesField(5, constantMessage(name, constant))),
    ...graph.inputs.map((value) => bytesField(11, valueMessage(value))),
    ...graph.outputs.map((value) => bytesField(12, valueMessage(value))),
  ];
}

/** NodeProto */
function nodeMessage({ op, inputs, outputs, attributes }: OnnxNode): Uint8Array[] {
  return [
    ...inputs.map((name) => bytesField(1, name)),
    ...outputs.map((name) => bytesField(2, name)),
    bytesField(3, `${outputs[0]}`),
    bytesField(4, op),
    ...Object.entries(attributes).map(([name, value]) => bytesField(5, attributeMessage(name, value))),
  ];
}

/** AttributeProto */
function attributeMessage(name: string, value: Attribute): Uint8Array[] {
  const head = bytesField(1, name);
  if (value instanceof Float) return [head, floatField(2, value.value), intField(20, KIND.float)];
  if (typeof value !== 'number') {
    return [head, ...value.map((item) => int64Field(8, item)), intField(20, KIND.ints)];
  }
  return [head, int64Field(3, value), intField(20, KIND.int)];
}

/** TensorProto of a weight */
function tensorMessage({ name, shape, data }: Initializer): Piece[] {
  const head = [...dimsFields(shape), intField(2, DTYPE.float), bytesField(8, name)];
  if ('read' in data) return [...head, ...nested(9, [data])];
  const entries = Object.entries(data).map(([key, value]) => bytesField(13, entryMessage([key, String(value)])));
  return [...head, ...entries, intField(14, EXTERNAL)];
}

/** TensorProto of numbers of ours */
function constantMessage(name: string, { shape, values }: Constant): Uint8Array[] {
  const head = [...dimsFields(shape), bytesField(8, name)];
  if (!(values instanceof Float32Array)) return [...head, intField(2, DTYPE.int64), int64sField(7, values)];
  return [
    ...head,
    intField(2, DTYPE.float),
    bytesField(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
  ];
}

function dimsFields(shape: readonly number[]): Uint8Array[] {
  return shape.map((size) => int64Field(1, size));
}

/** ValueInfoProto: floats of a shape */
function valueMessage({ name, shape }: GraphValue): Uint8Array[] {
  const dims = shape.map((size) => bytesField(1, typeof size === 'string' ? bytesField(2, size) : int64Field(1, size)));
  const tensorType = [intField(1, DTYPE.float), bytesField(2, dims)];
  return [bytesField(1, name), bytesField(2, bytesField(1, tensorType))];
}

/** StringStringEntryProto */
function entryMessage([key, value]: readonly [string, string]): Uint8Array[] {
  return [bytesField(1, key), bytesField(2, value)];
}
