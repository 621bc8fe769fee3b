import { checkBoolean, checkInteger, checkNumber, checkOneOf } from '../../check.js';
import { checkOptions, type OptionNames, only } from '../../check-options.js';
import { checkDropProbability } from '../../ops/random.js';
import { slice } from '../../ops/slice.js';
import { productDtype } from '../../precision.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { DropPath } from '../dropout.js';
import { LayerNorm } from '../layer-norm.js';
import { Module } from '../module.js';
import { addToStream } from '../residual-stream.js';
import { ATTENTION_OPTIONS, Attention, type AttentionModuleOptions, type AttentionPlaces } from './attention.js';
import type { ViTConfig } from './config.js';
import { LayerScale } from './layer-scale.js';
import { Mlp, SwiGLU } from './mlp.js';
import { checkNormLayer, makeNorm, type Norm } from './norm.js';

/** What a block of a ViT is made of; see `ViTConfig`. */
export interface BlockOptions
  extends AttentionModuleOptions,
    Pick<ViTConfig, 'numHeads' | 'mlpRatio' | 'initValues' | 'act' | 'dropPathRate'>,
    Partial<Pick<ViTConfig, 'mlpLayer' | 'mlpNorm'>> {
  /** Width of a token. */
  dim: number;
}

/** @internal */
export const BLOCK_OPTIONS: OptionNames<BlockOptions> = {
  ...ATTENTION_OPTIONS,
  dim: true,
  numHeads: true,
  mlpRatio: true,
  initValues: true,
  act: true,
  dropPathRate: true,
  mlpLayer: true,
  mlpNorm: true,
};

type Branch = (normed: Tensor, residual?: Tensor) => Tensor;

/**
 * A pre-norm Transformer block: x + attention(norm(x)), then x + mlp(norm(x)); both sums are stored as x is.
 * @see Dosovitskiy et al. 2021, equations 2 and 3
 * @see timm's `Block`, with its parameter names
 */
export class Block extends Module {
  /** Before attention. */
  readonly norm1: Norm;
  /** Mixes tokens. */
  readonly attn: Attention;
  /** Before the MLP. */
  readonly norm2: Norm;
  /** Works on each token alone. */
  readonly mlp: Mlp | SwiGLU;
  /** Scales what attention adds; undefined without `initValues`. */
  readonly ls1: LayerScale | undefined;
  /** Scales what the MLP adds; undefined without `initValues`. */
  readonly ls2: LayerScale | undefined;
  readonly #dropPath: DropPath;

  constructor(options: BlockOptions) {
    super();
    checkOptions(options, BLOCK_OPTIONS, 'Block');
    const dim = checkInteger(options?.dim, 'Block dim', 1);
    const hidden = Math.floor(dim * checkNumber(options.mlpRatio, 'Block mlpRatio', 1 / dim));
    const kind = {
      normLayer: checkNormLayer(options.normLayer, 'Block'),
      normEps: checkNumber(options.normEps, 'Block normEps', 0),
    };
    const { initValues } = options;
    const scale = (name: string): LayerScale | undefined =>
      initValues === undefined ? undefined : this.child(name, new LayerScale(dim, initValues));
    this.norm1 = this.child('norm1', makeNorm(dim, kind));
    this.attn = this.child('attn', new Attention(dim, options.numHeads, only(options, ATTENTION_OPTIONS)));
    this.ls1 = scale('ls1');
    this.norm2 = this.child('norm2', makeNorm(dim, kind));
    const normed = checkBoolean(options.mlpNorm ?? false, 'Block mlpNorm');
    const mlp = { bias: options.projBias, drop: options.projDropRate, norm: normed ? kind : undefined };
    const gated = checkOneOf(options.mlpLayer ?? 'mlp', 'Block mlpLayer', ['mlp', 'swiglu']) === 'swiglu';
    this.mlp = this.child(
      'mlp',
      gated ? new SwiGLU(dim, hidden, mlp) : new Mlp(dim, hidden, { ...mlp, act: options.act }),
    );
    this.ls2 = scale('ls2');
    this.#dropPath = this.child(
      'drop_path',
      new DropPath(checkDropProbability(options.dropPathRate, 'Block dropPathRate')),
    );
  }

  /**
   * @param x (B,T,C)
   * @param places of the tokens, for attention
   * @param outputs how many tokens, from the first, are wanted: the others are attended to, and no more. Default: all.
   * @returns (B,outputs,C)
   */
  forward(x: Tensor, places?: AttentionPlaces, outputs?: number): Tensor {
    return scope(() => {
      const attend: Branch = (normed, residual) => this.attn.forward(normed, residual, places, outputs);
      const wanted = outputs === undefined ? x : slice(x, 1, 0, outputs);
      // A scope each, that what the first branch needs does not outlive it.
      const attended = scope(() => this.#branch(normalised(this.norm1, x), wanted, attend, this.ls1));
      const transform: Branch = (normed, residual) => this.mlp.forward(normed, residual);
      return scope(() => this.#branch(normalised(this.norm2, attended), attended, transform, this.ls2));
    });
  }

  /** The weights of attention in this block on x (B,T,C): (B,H,T,T). */
  attentionWeights(x: Tensor, places?: AttentionPlaces): Tensor {
    return scope(() => this.attn.weights(this.norm1.forward(x), places));
  }

  /** x + branch(normed): the sum rides on the branch's last product unless something comes between. */
  #branch(normed: Tensor, x: Tensor, branch: Branch, scale: LayerScale | undefined): Tensor {
    const dropping = this.training && this.#dropPath.p > 0;
    if (scale === undefined && !dropping) return branch(normed, x);
    const y = branch(normed);
    return addToStream(x, this.#dropPath.forward(scale?.forward(y) ?? y));
  }
}

/** What a product reads next; under autocast a layer norm stores it so. */
function normalised(norm: Norm, x: Tensor): Tensor {
  return norm instanceof LayerNorm ? norm.forward(x, undefined, productDtype()) : norm.forward(x);
}
