import { type Ref, rowsOf, zeros } from './array.js';
import { UNARY } from './unary.js';

const { forward: silu, slope } = UNARY.silu;

/** silu(gate) * value, the gates in the first half of the last axis. */
export function swiglu(x: Ref): Ref {
  const { rows, width: both } = rowsOf(x);
  const width = both / 2;
  const y = zeros([...x.shape.slice(0, -1), width]);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < width; i++) {
      y.data[row * width + i] = silu(x.data[row * both + i]) * x.data[row * both + width + i];
    }
  }
  return y;
}

export function swigluBackward(dy: Ref, x: Ref): Ref {
  const { rows, width: both } = rowsOf(x);
  const width = both / 2;
  const dx = zeros(x.shape);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < width; i++) {
      const [gate, value] = [x.data[row * both + i], x.data[row * both + width + i]];
      dx.data[row * both + i] = dy.data[row * width + i] * value * slope(gate);
      dx.data[row * both + width + i] = dy.data[row * width + i] * silu(gate);
    }
  }
  return dx;
}
