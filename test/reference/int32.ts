import { map, type Ref } from './array.js';
import { type Binary, binary } from './binary.js';

/** Functions of two integers of 32 bits, which wrap around. */
export const BINARY_INT32 = {
  add: (a, b) => (a + b) | 0,
  sub: (a, b) => (a - b) | 0,
  mul: Math.imul,
  minimum: Math.min,
  maximum: Math.max,
} satisfies Record<string, Binary['forward']>;

/** Functions of one integer of 32 bits. */
export const UNARY_INT32 = {
  neg: (x) => -x | 0,
  abs: (x) => Math.abs(x) | 0,
  sign: (x) => Math.sign(x) | 0,
  square: (x) => Math.imul(x, x),
} satisfies Record<string, (x: number) => number>;

export function binaryInt32(name: keyof typeof BINARY_INT32, a: Ref, b: Ref): Ref {
  return binary({ forward: BINARY_INT32[name] }, a, b);
}

export function unaryInt32(name: keyof typeof UNARY_INT32, x: Ref): Ref {
  return map(x, UNARY_INT32[name]);
}
