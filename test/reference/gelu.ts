import { map, type Ref } from './array.js';
import { erfc } from './erf.js';

/** Hendrycks and Gimpel 2016: x Phi(x), Phi the normal distribution's, as PyTorch's F.gelu(x, approximate='none'). */
export function gelu(x: Ref): Ref {
  return map(x, (value) => value * normalCdf(value));
}

export function geluBackward(dy: Ref, x: Ref): Ref {
  return map(dy, (value, i) => value * (normalCdf(x.data[i]) + x.data[i] * normalDensity(x.data[i])));
}

function normalCdf(x: number): number {
  return 0.5 * erfc(-x * Math.SQRT1_2);
}

function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

// sqrt(2/pi) and the cubic coefficient of the tanh form, section 2 of the paper.
const SCALE = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/** x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), as F.gelu(x, approximate='tanh'). */
export function geluTanh(x: Ref): Ref {
  return map(x, (value) => 0.5 * value * (1 + Math.tanh(SCALE * (value + CUBIC * value ** 3))));
}

export function geluTanhBackward(dy: Ref, x: Ref): Ref {
  return map(dy, (value, i) => {
    const t = Math.tanh(SCALE * (x.data[i] + CUBIC * x.data[i] ** 3));
    const slope = SCALE * (1 + 3 * CUBIC * x.data[i] ** 2);
    return value * (0.5 * (1 + t) + 0.5 * x.data[i] * (1 - t * t) * slope);
  });
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/** x sigmoid(1.702 x), CLIP's. */
export function quickGelu(x: Ref): Ref {
  return map(x, (value) => (value < -1e6 ? 0 : value * logistic(1.702 * value)));
}

export function quickGeluBackward(dy: Ref, x: Ref): Ref {
  return map(x, (value, i) => {
    const s = logistic(1.702 * value);
    return dy.data[i] * s * (1 + 1.702 * value * (1 - s));
  });
}
