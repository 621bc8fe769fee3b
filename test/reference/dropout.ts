import { map, type Ref } from './array.js';

/** x * mask / (1 - p), mask being 1 where x is kept; all zero at p = 1. */
export function dropout(x: Ref, mask: Ref, p: number): Ref {
  return map(x, (value, i) => (mask.data[i] === 0 ? 0 : value / (1 - p)));
}

export function dropoutBackward(dy: Ref, mask: Ref, p: number): Ref {
  return map(dy, (value, i) => (mask.data[i] === 0 ? 0 : value / (1 - p)));
}
