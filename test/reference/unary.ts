import { map, type Ref } from './array.js';

/** A function of one number with its derivative; p and q are its own numbers. */
export interface Unary {
  forward(x: number, p: number, q: number): number;
  slope(x: number, p: number, q: number): number;
}

const sigmoid = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));

export const UNARY = {
  neg: { forward: (x) => -x, slope: () => -1 },
  exp: { forward: Math.exp, slope: Math.exp },
  log: { forward: Math.log, slope: (x) => 1 / x },
  log1p: { forward: Math.log1p, slope: (x) => 1 / (1 + x) },
  sqrt: { forward: Math.sqrt, slope: (x) => 0.5 / Math.sqrt(x) },
  rsqrt: { forward: (x) => 1 / Math.sqrt(x), slope: (x) => -0.5 / (x * Math.sqrt(x)) },
  abs: { forward: Math.abs, slope: Math.sign },
  sign: { forward: Math.sign, slope: () => 0 },
  sin: { forward: Math.sin, slope: Math.cos },
  cos: { forward: Math.cos, slope: (x) => -Math.sin(x) },
  sigmoid: { forward: sigmoid, slope: (x) => sigmoid(x) * sigmoid(-x) },
  silu: { forward: (x) => x * sigmoid(x), slope: (x) => sigmoid(x) * (1 + x * sigmoid(-x)) },
  logSigmoid: { forward: (x) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x))), slope: (x) => sigmoid(-x) },
  square: { forward: (x) => x * x, slope: (x) => 2 * x },
  pow: { forward: (x, p) => x ** p, slope: (x, p) => (p === 0 ? 0 : p * x ** (p - 1)) },
  clamp: { forward: (x, p, q) => Math.min(Math.max(x, p), q), slope: (x, p, q) => (x >= p && x <= q ? 1 : 0) },
} satisfies Record<string, Unary>;

export function unary({ forward }: Unary, x: Ref, p = 0, q = 0): Ref {
  return map(x, (value) => forward(value, p, q));
}

export function unaryBackward({ slope }: Unary, dy: Ref, x: Ref, p = 0, q = 0): Ref {
  return map(x, (value, i) => dy.data[i] * slope(value, p, q));
}
