import { type Ref, sizeOf } from './array.js';

/** Gives the next number of a seeded sequence, uniform in [0, 1). */
export type Random = () => number;

/** A seeded generator: splitmix32 (Steele et al. 2014, with the 32-bit finaliser of MurmurHash3). */
export function generator(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 32;
  };
}

function fill(shape: readonly number[], next: () => number): Ref {
  return { shape: [...shape], data: new Float64Array(sizeOf(shape)).map(next) };
}

/** Normal values, each a float32 number exactly, so that a float32 kernel can be given the very same input. */
export function normal(shape: readonly number[], random: Random, scale = 1): Ref {
  return fill(shape, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    return Math.fround(scale * radius * Math.cos(2 * Math.PI * random()));
  });
}

/** Uniform values in [low, high), each a float32 number exactly. */
export function uniform(shape: readonly number[], random: Random, low = 0, high = 1): Ref {
  return fill(shape, () => Math.fround(low + (high - low) * random()));
}

/** Whole numbers in [0, high): labels and indices. */
export function integers(shape: readonly number[], random: Random, high: number): Ref {
  return fill(shape, () => Math.floor(random() * high));
}

/** Zeros, and ones with the given probability: dropout and padding masks. */
export function bernoulli(shape: readonly number[], random: Random, probability: number): Ref {
  return fill(shape, () => (random() < probability ? 1 : 0));
}
