import { checkInteger, checkNumber } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { attention } from '../../ops/attention.js';
import { add } from '../../ops/elementwise.js';
import { reshape } from '../../ops/reshape.js';
import { slice } from '../../ops/slice.js';
import { tile } from '../../ops/tile.js';
import { permute } from '../../ops/transpose.js';
import { scope } from '../../scope.js';
import { empty, type Tensor } from '../../tensor.js';
import * as init from '../init.js';
import { LayerNorm } from '../layer-norm.js';
import { Linear } from '../linear.js';
import { Module } from '../module.js';
import { Mlp, type MlpActivation } from './mlp.js';

/** Options of `AttentionPool`; see `ViTConfig`. */
export interface AttentionPoolOptions {
  embedDim: number;
  numHeads: number;
  mlpRatio: number;
  normEps: number;
  act: MlpActivation;
}

/** @internal */
export const ATTENTION_POOL_OPTIONS: OptionNames<AttentionPoolOptions> = {
  embedDim: true,
  numHeads: true,
  mlpRatio: true,
  normEps: true,
  act: true,
};

/**
 * Multi-head attention pooling ("MAP"): a learned query gathers the tokens, (N,T,D) to (N,D), and an MLP follows.
 * @see Zhai et al. 2022 (Scaling Vision Transformers)
 * @see timm's `AttentionPoolLatent`, with its parameter names
 */
export class AttentionPool extends Module {
  /** (1,1,D): the query. */
  readonly latent: Tensor;
  /** (D to D): of the query. */
  readonly q: Linear;
  /** (D to 2*D): keys and values of the tokens. */
  readonly kv: Linear;
  /** Makes the result from all heads' (D to D). */
  readonly proj: Linear;
  /** Before the MLP. */
  readonly norm: LayerNorm;
  /** Added to what was gathered. */
  readonly mlp: Mlp;
  /** Heads, each of `D / numHeads`. */
  readonly numHeads: number;

  constructor(options: AttentionPoolOptions) {
    super();
    checkOptions(options, ATTENTION_POOL_OPTIONS, 'AttentionPool');
    const dim = checkInteger(options?.embedDim, 'AttentionPool embedDim', 1);
    this.numHeads = checkInteger(options.numHeads, 'AttentionPool numHeads', 1);
    this.latent = this.parameter('latent', () => init.truncatedNormal(empty([1, 1, dim]), 0, 1 / Math.sqrt(dim)));
    this.q = this.child('q', new Linear(dim, dim));
    this.kv = this.child('kv', new Linear(dim, 2 * dim));
    this.proj = this.child('proj', new Linear(dim, dim));
    this.norm = this.child(
      'norm',
      new LayerNorm(dim, { eps: checkNumber(options.normEps, 'AttentionPool normEps', 0) }),
    );
    const hidden = Math.floor(dim * checkNumber(options.mlpRatio, 'AttentionPool mlpRatio', 1 / dim));
    this.mlp = this.child('mlp', new Mlp(dim, hidden, { act: options.act, bias: true, drop: 0 }));
  }

  /** @param tokens (N,T,D) @returns (N,D) */
  forward(tokens: Tensor): Tensor {
    return scope(() => {
      const [n, t, dim] = tokens.shape as [number, number, number]; // three axes
      const heads = this.numHeads;
      const width = dim / heads;
      const query = tile(reshape(this.q.forward(this.latent), [1, heads, 1, width]), [n, 1, 1, 1]);
      const split = permute(reshape(this.kv.forward(tokens), [n, t, 2, heads, width]), [2, 0, 3, 1, 4]); // (2,N,H,T,D)
      const [key, value] = [0, 1].map((i) => reshape(slice(split, 0, i, i + 1), [n, heads, t, width])) as [
        Tensor,
        Tensor,
      ]; // one each
      const pooled = this.proj.forward(reshape(attention(query, key, value), [n, dim]));
      return add(pooled, this.mlp.forward(this.norm.forward(pooled)));
    });
  }
}
