import type { Activation } from '../native.js';
import { Float, type OnnxGraph } from './graph.js';

// Operators of opset 17, and those of PyTorch's that are several of them. Each takes the graph and names of values.

export const add = (g: OnnxGraph, a: string, b: string): string => g.node('Add', [a, b]);
export const sub = (g: OnnxGraph, a: string, b: string): string => g.node('Sub', [a, b]);
export const mul = (g: OnnxGraph, a: string, b: string): string => g.node('Mul', [a, b]);
export const div = (g: OnnxGraph, a: string, b: string): string => g.node('Div', [a, b]);
export const matmul = (g: OnnxGraph, a: string, b: string): string => g.node('MatMul', [a, b]);

/** @param shape 0 takes the size of x's axis, -1 what is left */
export function reshape(g: OnnxGraph, x: string, shape: readonly number[]): string {
  return g.node('Reshape', [x, g.integers(shape)]);
}

export function transpose(g: OnnxGraph, x: string, perm: readonly number[]): string {
  return g.node('Transpose', [x], { perm });
}

export function concat(g: OnnxGraph, parts: readonly string[], axis: number): string {
  return parts.length === 1 ? (parts[0] as string) : g.node('Concat', parts, { axis });
}

/** From `start` until before `end` along one axis. */
export function slice(g: OnnxGraph, x: string, axis: number, start: number, end: number): string {
  return g.node('Slice', [x, g.integers([start]), g.integers([end]), g.integers([axis])]);
}

/** Equal parts along one axis. */
export function split(g: OnnxGraph, x: string, axis: number, parts: number): string[] {
  return g.several('Split', [x], parts, { axis });
}

export function squeeze(g: OnnxGraph, x: string, axis: number): string {
  return g.node('Squeeze', [x, g.integers([axis])]);
}

/** x (1,...) as many times as `like` (N,...) has items: (N,...), of so many axes. */
export function tileBatch(g: OnnxGraph, x: string, like: string, rank: number): string {
  const batch = slice(g, g.node('Shape', [like]), 0, 0, 1);
  const ones = g.integers(new Array(rank - 1).fill(1));
  return g.node('Expand', [x, concat(g, [batch, ones], 0)]);
}

export function softmax(g: OnnxGraph, x: string, axis = -1): string {
  return g.node('Softmax', [x], { axis });
}

/** Over the last axis. */
export function layerNorm(
  g: OnnxGraph,
  x: string,
  { weight, bias, eps }: { weight: string; bias?: string | undefined; eps: number },
): string {
  return g.node('LayerNormalization', [x, weight, ...(bias === undefined ? [] : [bias])], {
    axis: -1,
    epsilon: new Float(eps),
  });
}

/** x / sqrt(mean(x^2) + eps) * weight over the last axis. */
export function rmsNorm(g: OnnxGraph, x: string, { weight, eps }: { weight?: string; eps: number }): string {
  const squares = g.node('ReduceMean', [mul(g, x, x)], { axes: [-1], keepdims: 1 });
  const normed = div(g, x, g.node('Sqrt', [add(g, squares, g.scalar(eps))]));
  return weight === undefined ? normed : mul(g, normed, weight);
}

/** x W^T + b, with the weight as it is in the state dict (out,in). */
export function linear(g: OnnxGraph, x: string, weight: string, bias?: string): string {
  const y = matmul(g, x, transpose(g, weight, [1, 0]));
  return bias === undefined ? y : add(g, y, bias);
}

const ACTIVATIONS: Record<Activation | 'silu' | 'quick_gelu', (g: OnnxGraph, x: string) => string> = {
  none: (_, x) => x,
  relu: (g, x) => g.node('Relu', [x]),
  tanh: (g, x) => g.node('Tanh', [x]),
  gelu: (g, x) => halfOf(g, x, g.node('Erf', [mul(g, x, g.scalar(Math.SQRT1_2))])),
  gelu_tanh: (g, x) => {
    const cubic = mul(g, add(g, mul(g, mul(g, x, x), g.scalar(0.044715)), g.scalar(1)), x);
    return halfOf(g, x, g.node('Tanh', [mul(g, cubic, g.scalar(Math.sqrt(2 / Math.PI)))]));
  },
  silu: (g, x) => mul(g, x, g.node('Sigmoid', [x])),
  quick_gelu: (g, x) => mul(g, x, g.node('Sigmoid', [mul(g, x, g.scalar(1.702))])),
};

/** x / 2 (1 + part) */
function halfOf(g: OnnxGraph, x: string, part: string): string {
  return mul(g, mul(g, x, g.scalar(0.5)), add(g, part, g.scalar(1)));
}

/** The activations of `F.linear`. Gelu is an operator from opset 20 on. */
export function activate(g: OnnxGraph, x: string, activation: keyof typeof ACTIVATIONS): string {
  return ACTIVATIONS[activation](g, x);
}

/** softmax(q k^T scale + bias) v over the last two axes. */
export function attention(
  g: OnnxGraph,
  [q, k, v]: readonly [string, string, string],
  { scale, bias }: { scale: number; bias?: string | undefined },
): string {
  const scores = matmul(g, mul(g, q, g.scalar(scale)), transpose(g, k, [0, 1, 3, 2]));
  return matmul(g, softmax(g, bias === undefined ? scores : add(g, scores, bias)), v);
}
