import { F, type Tensor } from '../../lib/index.js';
import { bytesOf, input, type KernelBench } from './kernel-bench.js';

interface Params {
  [name: string]: number;
  batch: number;
  tokens: number;
  heads: number;
  width: number;
}

/** Ops that only move tokens; each element is read once and written once, in both directions. */
function move(
  op: string,
  inputs: (p: Params) => Tensor[],
  apply: (...inputs: Tensor[]) => Tensor,
): KernelBench<Params> {
  const elements = ({ batch, tokens, heads, width }: Params): number => batch * tokens * heads * width;
  return {
    op,
    params: ({ batch, tokens, heads, dim }) => ({ batch, tokens, heads, width: dim / heads }),
    flops: () => ({ forward: 0, backward: 0 }),
    bytes: (p) => ({ forward: bytesOf(2 * elements(p)), backward: bytesOf(2 * elements(p)) }),
    prepare: (p) => {
      const tensors = inputs(p);
      return { inputs: tensors, run: () => apply(...tensors) };
    },
  };
}

/** (B,T,H,D) to (B,H,T,D). */
export const transpose = move(
  'transpose',
  ({ batch, tokens, heads, width }) => [input(batch, tokens, heads, width)],
  (x) => F.transpose(x, 1, 2),
);

/** The class token in front of the patches. */
export const cat = move(
  'cat',
  ({ batch, tokens, heads, width }) => [input(batch, 1, heads * width), input(batch, tokens - 1, heads * width)],
  (...parts) => F.cat(parts, 1),
);

/** The patches without the class token. */
export const slice = move(
  'slice',
  ({ batch, tokens, heads, width }) => [input(batch, tokens, heads * width)],
  (x) => F.slice(x, 1, 1),
);
