import { type Ref, requireShape, rowsOf, zeros } from './array.js';
import { gelu, geluBackward, geluTanh, geluTanhBackward } from './gelu.js';
import { relu, reluBackward } from './relu.js';
import { type Unary, unary, unaryBackward } from './unary.js';

export type Activation = 'none' | 'gelu' | 'gelu_tanh' | 'relu' | 'silu' | 'quick_gelu';

/** x sigmoid(factor x), and its slope. */
function swish(factor: number): Unary {
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-factor * x));
  return {
    forward: (x) => x * sigmoid(x),
    slope: (x) => sigmoid(x) * (1 + factor * x * (1 - sigmoid(x))),
  };
}

const [SILU, QUICK_GELU] = [swish(1), swish(1.702)];

const FORWARD: Record<Activation, (x: Ref) => Ref> = {
  none: (x) => x,
  gelu,
  gelu_tanh: geluTanh,
  relu,
  silu: (x) => unary(SILU, x),
  quick_gelu: (x) => unary(QUICK_GELU, x),
};
const BACKWARD: Record<Activation, (dy: Ref, x: Ref) => Ref> = {
  none: (dy) => dy,
  gelu: geluBackward,
  gelu_tanh: geluTanhBackward,
  relu: reluBackward,
  silu: (dy, x) => unaryBackward(SILU, dy, x),
  quick_gelu: (dy, x) => unaryBackward(QUICK_GELU, dy, x),
};

export interface LinearOptions {
  bias?: Ref | undefined;
  activation?: Activation | undefined;
  /** Added after the activation; of y's shape. */
  residual?: Ref | undefined;
}

/** x weight^T + bias: (...,OC), before the activation. */
function affine(x: Ref, weight: Ref, bias: Ref | undefined): Ref {
  const { rows, width: C } = rowsOf(x);
  const [OC] = weight.shape;
  requireShape('weight', weight, [OC, C]);
  const z = zeros(x.shape.with(-1, OC));
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < OC; o++) {
      let sum = bias ? bias.data[o] : 0;
      for (let c = 0; c < C; c++) sum += x.data[r * C + c] * weight.data[o * C + c];
      z.data[r * OC + o] = sum;
    }
  }
  return z;
}

/** activation(x weight^T + bias) + residual, for x (...,C) and weight (OC,C): (...,OC), as F.linear. */
export function linear(x: Ref, weight: Ref, { bias, activation = 'none', residual }: LinearOptions = {}): Ref {
  const y = FORWARD[activation](affine(x, weight, bias));
  if (!residual) return y;
  requireShape('residual', residual, y.shape);
  return { shape: y.shape, data: y.data.map((value, i) => value + residual.data[i]) };
}

export interface LinearGradients {
  dx: Ref;
  dweight: Ref;
  /** What a bias would receive, and a residual, whether or not there is one. */
  dbias: Ref;
  dresidual: Ref;
}

/** The gradients of {@link linear}. */
export function linearBackward(
  dy: Ref,
  x: Ref,
  weight: Ref,
  { bias, activation = 'none' }: Omit<LinearOptions, 'residual'> = {},
): LinearGradients {
  const { rows, width: C } = rowsOf(x);
  const [OC] = weight.shape;
  const dz = BACKWARD[activation](dy, affine(x, weight, bias));
  const dx = zeros(x.shape);
  const dweight = zeros(weight.shape);
  const dbias = zeros([OC]);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < OC; o++) {
      const d = dz.data[r * OC + o];
      dbias.data[o] += d;
      for (let c = 0; c < C; c++) {
        dx.data[r * C + c] += d * weight.data[o * C + c];
        dweight.data[o * C + c] += d * x.data[r * C + c];
      }
    }
  }
  return { dx, dweight, dbias, dresidual: { shape: [...dy.shape], data: Float64Array.from(dy.data) } };
}
