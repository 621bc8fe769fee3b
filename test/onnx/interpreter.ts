import { map, type Ref, ref, reshape, sizeOf, splitAt, zeros } from '../reference/array.js';
import { broadcastIndex, broadcastShape } from '../reference/broadcast.js';
import { cat } from '../reference/cat.js';
import { conv2d } from '../reference/conv2d.js';
import { erf } from '../reference/erf.js';
import { layerNorm } from '../reference/layer-norm.js';
import { slice } from '../reference/slice.js';
import { softmax } from '../reference/softmax.js';
import type { OnnxFile } from './reader.js';

// ONNX's operators in float64, as far as our graphs have them, by the specification of opset 17. Whole numbers are kept
// as floats too: shapes and axes are small.

type Attributes = OnnxFile['nodes'][number]['attributes'];
type Operator = (inputs: Ref[], attributes: Attributes, outputs: number) => Ref | Ref[];

function elementwise(f: (a: number, b: number) => number): Operator {
  return ([a, b]) => {
    const shape = broadcastShape(a.shape, b.shape);
    const [ia, ib] = [broadcastIndex(a.shape, shape), broadcastIndex(b.shape, shape)];
    return { shape, data: new Float64Array(sizeOf(shape)).map((_, i) => f(a.data[ia[i]], b.data[ib[i]])) };
  };
}

const unary =
  (f: (x: number) => number): Operator =>
  ([x]) =>
    map(x, f);

/** Over axes, each row reduced to one number. */
function reduce(f: (row: Float64Array) => number): Operator {
  return ([x], { axes, keepdims }) => {
    let [y, shape] = [x, [...x.shape]];
    // The last axis first, so that the others keep their places.
    for (const dim of (axes as number[]).toReversed()) {
      const { axis, outer, size, inner } = splitAt(y.shape, dim);
      const data = new Float64Array(outer * inner).map((_, i) => {
        const [o, k] = [Math.floor(i / inner), i % inner];
        return f(new Float64Array(size).map((__, j) => y.data[(o * size + j) * inner + k]));
      });
      shape = y.shape.flatMap((length, i) => (i === axis ? (keepdims === 0 ? [] : [1]) : [length]));
      y = { shape, data };
    }
    return y;
  };
}

/** Matrices of the last two axes, those before broadcast. */
function matmul([a, b]: Ref[]): Ref {
  const [rows, inner] = a.shape.slice(-2);
  const [innerB, columns] = b.shape.slice(-2);
  if (inner !== innerB) throw new Error(`MatMul of ${a.shape} and ${b.shape}`);
  const lead = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const [ia, ib] = [a, b].map(({ shape }) => broadcastIndex(shape.slice(0, -2), lead));
  const y = zeros([...lead, rows, columns]);
  for (let m = 0; m < sizeOf(lead); m++) {
    for (let i = 0; i < rows; i++) {
      for (let k = 0; k < inner; k++) {
        const factor = a.data[(ia[m] * rows + i) * inner + k];
        for (let j = 0; j < columns; j++) {
          y.data[(m * rows + i) * columns + j] += factor * b.data[(ib[m] * inner + k) * columns + j];
        }
      }
    }
  }
  return y;
}

function permute([x]: Ref[], { perm }: Attributes): Ref {
  const order = perm as number[];
  const strides = x.shape.map((_, i) => sizeOf(x.shape.slice(i + 1)));
  const y = zeros(order.map((axis) => x.shape[axis]));
  const index = new Array<number>(order.length).fill(0);
  for (let i = 0; i < y.data.length; i++) {
    y.data[i] = x.data[order.reduce((at, axis, j) => at + strides[axis] * index[j], 0)];
    for (let j = order.length - 1; j >= 0 && ++index[j] === y.shape[j]; j--) index[j] = 0;
  }
  return y;
}

/** 0 takes x's size, -1 what is left. */
function reshaped([x, shape]: Ref[]): Ref {
  const asked = [...shape.data].map((size, i) => (size === 0 ? x.shape[i] : size));
  const rest = asked.filter((size) => size >= 0);
  return reshape(
    x,
    asked.map((size) => (size < 0 ? x.data.length / sizeOf(rest) : size)),
  );
}

/** Windows with all that is outside the image as `outside`. */
function padded(x: Ref, [top, left, bottom, right]: number[], outside: number): Ref {
  const [n, c, h, w] = x.shape;
  const y = zeros([n, c, h + top + bottom, w + left + right]);
  y.data.fill(outside);
  for (let i = 0; i < n * c; i++) {
    for (let row = 0; row < h; row++) {
      const to = (i * (h + top + bottom) + top + row) * (w + left + right) + left;
      y.data.set(x.data.subarray((i * h + row) * w, (i * h + row + 1) * w), to);
    }
  }
  return y;
}

function maxPool([x]: Ref[], { kernel_shape, strides, pads }: Attributes): Ref {
  const [kernel, stride] = [kernel_shape, strides] as [number[], number[]];
  const whole = padded(x, pads as number[], Number.NEGATIVE_INFINITY);
  const [n, c, h, w] = whole.shape;
  const [oh, ow] = [h, w].map((side, i) => Math.floor((side - kernel[i]) / stride[i]) + 1);
  const y = zeros([n, c, oh, ow]);
  y.data.forEach((_, i) => {
    const [plane, row, column] = [Math.floor(i / (oh * ow)), Math.floor(i / ow) % oh, i % ow];
    let most = Number.NEGATIVE_INFINITY;
    for (let a = 0; a < kernel[0]; a++) {
      for (let b = 0; b < kernel[1]; b++) {
        most = Math.max(most, whole.data[(plane * h + row * stride[0] + a) * w + column * stride[1] + b]);
      }
    }
    y.data[i] = most;
  });
  return y;
}

const sum = (row: Float64Array): number => row.reduce((total, value) => total + value, 0);

const OPERATORS: Record<string, Operator> = {
  Add: elementwise((a, b) => a + b),
  Sub: elementwise((a, b) => a - b),
  Mul: elementwise((a, b) => a * b),
  Div: elementwise((a, b) => a / b),
  Max: elementwise(Math.max),
  Min: elementwise(Math.min),
  Erf: unary(erf),
  Tanh: unary(Math.tanh),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Relu: unary((x) => Math.max(x, 0)),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Identity: ([x]) => x,
  MatMul: matmul,
  Transpose: permute,
  Reshape: reshaped,
  Shape: ([x]) => ref([x.shape.length], x.shape),
  Concat: (parts, { axis }) => cat(parts, axis as number),
  Slice: ([x, starts, ends, axes]) =>
    [...axes.data].reduce((y, axis, i) => slice(y, axis, starts.data[i], ends.data[i]), x),
  Squeeze: ([x, axes]) =>
    reshape(
      x,
      x.shape.filter((_, i) => !axes.data.includes(i)),
    ),
  Split: ([x], { axis }, outputs) => {
    const along = ((axis as number) + x.shape.length) % x.shape.length;
    const size = x.shape[along] / outputs;
    return Array.from({ length: outputs }, (_, i) => slice(x, along, i * size, (i + 1) * size));
  },
  Expand: ([x, to]) => {
    const shape = broadcastShape(x.shape, [...to.data]);
    const index = broadcastIndex(x.shape, shape);
    return { shape, data: new Float64Array(index.length).map((_, i) => x.data[index[i]]) };
  },
  Gather: ([x, indices], { axis }) => {
    const { outer, size, inner } = splitAt(x.shape, (axis as number | undefined) ?? 0);
    if ((axis ?? 0) !== 0) throw new Error('axis 0');
    const rows = [...indices.data].map((i) => x.data.subarray(i * inner, (i + 1) * inner));
    if (outer !== 1 || rows.length === 0 || size < 1) throw new Error('rows');
    return ref(
      [...indices.shape, ...x.shape.slice(1)],
      rows.flatMap((row) => [...row]),
    );
  },
  Softmax: ([x], { axis }) => {
    if (axis !== -1) throw new Error('the last axis');
    return softmax(x);
  },
  LayerNormalization: ([x, weight, bias], { axis, epsilon }) => {
    if (axis !== -1) throw new Error('the last axis');
    return layerNorm(x, { weight, bias, eps: epsilon as number }).y;
  },
  InstanceNormalization: ([x, weight, bias], { epsilon }) => {
    const [n, c] = x.shape;
    const rows = layerNorm(reshape(x, [n * c, x.data.length / (n * c)]), { eps: epsilon as number }).y;
    const width = rows.shape[1];
    return reshape(
      map(rows, (value, i) => value * weight.data[Math.floor(i / width) % c] + bias.data[Math.floor(i / width) % c]),
      x.shape,
    );
  },
  Pad: ([x, pads, value]) => {
    const [, top, left] = pads.data.subarray(0, 4);
    const [, bottom, right] = pads.data.subarray(4);
    const [n, h, w, c] = x.shape;
    if (top !== 0 || left !== 0 || value.data[0] !== 0) throw new Error('zeros below and at the right');
    const y = zeros([n, h + bottom, w + right, c]);
    for (let row = 0; row < n * h; row++) {
      const to = (Math.floor(row / h) * (h + bottom) + (row % h)) * (w + right) * c;
      y.data.set(x.data.subarray(row * w * c, (row + 1) * w * c), to);
    }
    return y;
  },
  Conv: ([x, weight, bias], { strides, pads, group }) =>
    conv2d(padded(x, pads as number[], 0), weight, bias, {
      stride: strides as [number, number],
      groups: (group as number | undefined) ?? 1,
    }),
  MaxPool: maxPool,
  ReduceMean: reduce((row) => sum(row) / row.length),
  ReduceSum: reduce(sum),
  ReduceMax: reduce((row) => Math.max(...row)),
  ReduceL2: reduce((row) => Math.sqrt(sum(row.map((x) => x * x)))),
};

/** Runs a graph in float64 on what goes in by name; throws for a value that nothing has made. */
export function runOnnx(file: OnnxFile, inputs: Record<string, Ref>): Record<string, Ref> {
  const values = new Map<string, Ref>(Object.entries(inputs));
  for (const [name, { shape, values: numbers }] of file.initializers) values.set(name, ref(shape, numbers));
  for (const { op, inputs: names, outputs, attributes } of file.nodes) {
    const operands = names.map((name) => {
      const value = values.get(name);
      if (value === undefined) throw new Error(`${op} reads ${name}, which nothing made`);
      return value;
    });
    const operator = OPERATORS[op];
    if (operator === undefined) throw new Error(`no operator ${op}`);
    const results = [operator(operands, attributes, outputs.length)].flat();
    for (const [i, name] of outputs.entries()) values.set(name, results[i]);
  }
  return Object.fromEntries(file.outputs.map(({ name }) => [name, values.get(name) as Ref]));
}
