import { F } from '../../lib/index.js';
import { bytesOf, input, type KernelBench, type Shapes } from './kernel-bench.js';

interface Params {
  [name: string]: number;
  batch: number;
  heads: number;
  tokens: number;
  width: number;
}

const params = ({ batch, heads, tokens, dim }: Shapes): Params => ({ batch, heads, tokens, width: dim / heads });
const size = ({ batch, heads, tokens, width }: Params): number => batch * heads * tokens * width;

/** Two products forward, four backward; what is computed again in backward does not count. */
const flops = (p: Params) => ({ forward: 4 * size(p) * p.tokens, backward: 8 * size(p) * p.tokens });
/** q, k, v to y; backward reads dy, y and these, and writes three gradients. */
const bytes = (p: Params) => ({ forward: bytesOf(4 * size(p)), backward: bytesOf(8 * size(p)) });

export const attention: KernelBench<Params> = {
  op: 'attention',
  params,
  flops,
  bytes,
  prepare: ({ batch, heads, tokens, width }) => {
    const part = () => input(batch, heads, tokens, width);
    const [q, k, v] = [part(), part(), part()] as const;
    return { inputs: [q, k, v], run: () => F.attention(q, k, v) };
  },
};

export const attentionQkv: KernelBench<Params> = {
  op: 'attention-qkv',
  params,
  flops,
  bytes,
  prepare: ({ batch, heads, tokens, width }) => {
    const qkv = input(batch, tokens, 3 * heads * width);
    return { inputs: [qkv], run: () => F.attentionQkv(qkv, heads) };
  },
};
