import { F, type Tensor } from '../../lib/index.js';
import { bytesOf, input, type KernelBench, type Shapes } from './kernel-bench.js';

interface Params {
  [name: string]: number;
  rows: number;
  inFeatures: number;
  outFeatures: number;
}

type Apply = (x: Tensor, weight: Tensor, bias: Tensor, residual: Tensor | undefined) => Tensor;

/** A linear layer of an MLP; `extra` counts what is read or written beside x, weight, bias and y. */
function linearBench(
  op: string,
  params: (shapes: Shapes) => Params,
  apply: Apply,
  extra: { outputs: number; residual: boolean },
): KernelBench<Params> {
  return {
    op,
    params,
    flops: ({ rows, inFeatures, outFeatures }) => {
      const product = 2 * rows * inFeatures * outFeatures;
      return { forward: product, backward: 2 * product };
    },
    bytes: ({ rows, inFeatures, outFeatures }) => {
      const operands = rows * inFeatures + inFeatures * outFeatures;
      const outputs = (1 + extra.outputs) * rows * outFeatures;
      return { forward: bytesOf(operands + outputs), backward: bytesOf(2 * operands + outputs) };
    },
    prepare: ({ rows, inFeatures, outFeatures }) => {
      const x = input(rows, inFeatures);
      const weight = input(outFeatures, inFeatures);
      const bias = input(outFeatures);
      const residual = extra.residual ? input(rows, outFeatures) : undefined;
      const inputs = [x, weight, bias, ...(residual === undefined ? [] : [residual])];
      return { inputs, run: () => apply(x, weight, bias, residual) };
    },
  };
}

const first = ({ batch, tokens, dim, hidden }: Shapes): Params => ({
  rows: batch * tokens,
  inFeatures: dim,
  outFeatures: hidden,
});
const second = ({ batch, tokens, dim, hidden }: Shapes): Params => ({
  rows: batch * tokens,
  inFeatures: hidden,
  outFeatures: dim,
});

export const linear = linearBench('linear', first, (x, weight, bias) => F.linear(x, weight, bias), {
  outputs: 0,
  residual: false,
});
/** Forward keeps the values before the activation for backward. */
export const linearGelu = linearBench(
  'linear-gelu',
  first,
  (x, weight, bias) => F.linear(x, weight, bias, { activation: 'gelu' }),
  { outputs: 1, residual: false },
);
export const linearResidual = linearBench(
  'linear-residual',
  second,
  (x, weight, bias, residual) => F.linear(x, weight, bias, residual === undefined ? {} : { residual }),
  { outputs: 1, residual: true },
);
