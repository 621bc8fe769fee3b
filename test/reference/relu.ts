import { map, type Ref } from './array.js';

/** max(x, 0); NaN stays NaN, as in PyTorch. */
export function relu(x: Ref): Ref {
  return map(x, (value) => (value <= 0 ? 0 : value));
}

export function reluBackward(dy: Ref, x: Ref): Ref {
  return map(dy, (value, i) => (x.data[i] <= 0 ? 0 : value));
}
