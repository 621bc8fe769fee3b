import { checkBoolean, checkInteger, checkNumber, checkOneOf, expected } from '../../check.js';
import { checkOptions, type OptionNames, only } from '../../check-options.js';
import type { Activation } from '../../native.js';
import { attention, attentionQkv } from '../../ops/attention.js';
import { attentionWeights } from '../../ops/attention-weights.js';
import { dropout } from '../../ops/dropout.js';
import { add } from '../../ops/elementwise.js';
import { matmul } from '../../ops/matmul.js';
import { checkDropProbability } from '../../ops/random.js';
import { reshape } from '../../ops/reshape.js';
import { slice } from '../../ops/slice.js';
import { permute, transpose } from '../../ops/transpose.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { Dropout, DropPath } from '../dropout.js';
import { LayerNorm } from '../layer-norm.js';
import { Linear } from '../linear.js';
import { Module } from '../module.js';
import type { ViTConfig } from './config.js';
import { LayerScale } from './layer-scale.js';
import type { RelativePositions } from './relative-positions.js';

/** The activations of a ViT's MLPs. */
export type MlpActivation = Exclude<Activation, 'none' | 'tanh'>;

/** What a block of a ViT is made of; see `ViTConfig`. */
export interface BlockOptions
  extends Pick<
    ViTConfig,
    | 'numHeads'
    | 'mlpRatio'
    | 'qkvBias'
    | 'qkNorm'
    | 'projBias'
    | 'initValues'
    | 'normEps'
    | 'act'
    | 'projDropRate'
    | 'attnDropRate'
    | 'dropPathRate'
  > {
  /** Width of a token. */
  dim: number;
}

/** @internal */
export const BLOCK_OPTIONS: OptionNames<BlockOptions> = {
  dim: true,
  numHeads: true,
  mlpRatio: true,
  qkvBias: true,
  qkNorm: true,
  projBias: true,
  initValues: true,
  normEps: true,
  act: true,
  projDropRate: true,
  attnDropRate: true,
  dropPathRate: true,
};

/** Options of `Attention`; see `ViTConfig`. */
export type AttentionModuleOptions = Pick<
  BlockOptions,
  'qkvBias' | 'qkNorm' | 'projBias' | 'normEps' | 'projDropRate' | 'attnDropRate'
>;

const ATTENTION_OPTIONS: OptionNames<AttentionModuleOptions> = {
  qkvBias: true,
  qkNorm: true,
  projBias: true,
  normEps: true,
  projDropRate: true,
  attnDropRate: true,
};

/** Multi-head self-attention with a fused qkv projection. @see timm's `Attention` */
export class Attention extends Module {
  /** (dim to 3*dim): queries, keys and values, in this order. */
  readonly qkv: Linear;
  /** Of each head's queries; undefined without `qkNorm`. */
  readonly qNorm: LayerNorm | undefined;
  /** Of each head's keys; undefined without `qkNorm`. */
  readonly kNorm: LayerNorm | undefined;
  /** Makes the result from all heads' (dim to dim). */
  readonly proj: Linear;
  readonly #projDrop: Dropout;
  readonly #attnDropRate: number;

  constructor(
    /** Width of a token. */
    readonly dim: number,
    /** Heads, each of `dim / numHeads`. */
    readonly numHeads: number,
    options: AttentionModuleOptions,
  ) {
    super();
    checkOptions(options, ATTENTION_OPTIONS, 'Attention');
    checkInteger(dim, 'Attention dim', 1);
    const qkvBias = checkBoolean(options?.qkvBias, 'Attention qkvBias');
    const projBias = checkBoolean(options.projBias, 'Attention projBias');
    const eps = checkNumber(options.normEps, 'Attention normEps', 0);
    checkInteger(numHeads, 'ViT numHeads', 1);
    if (dim % numHeads !== 0) throw expected(`heads that divide the width ${dim}`, 'ViT numHeads', numHeads);
    const headDim = dim / numHeads;
    this.qkv = this.child('qkv', new Linear(dim, 3 * dim, { bias: qkvBias }));
    if (checkBoolean(options.qkNorm, 'Attention qkNorm')) {
      this.qNorm = this.child('q_norm', new LayerNorm(headDim, { eps }));
      this.kNorm = this.child('k_norm', new LayerNorm(headDim, { eps }));
    }
    this.proj = this.child('proj', new Linear(dim, dim, { bias: projBias }));
    this.#projDrop = this.child(
      'proj_drop',
      new Dropout(checkDropProbability(options.projDropRate, 'Attention projDropRate')),
    );
    this.#attnDropRate = checkDropProbability(options.attnDropRate, 'Attention attnDropRate');
  }

  /**
   * @param x (B,T,C)
   * @param residual (B,queries,C), added last
   * @param relative added to the scores
   * @param queries how many tokens, from the first, attend; all are attended to. Default: all.
   * @returns (B,queries,C)
   */
  forward(x: Tensor, residual?: Tensor, relative?: RelativePositions, queries?: number): Tensor {
    return scope(() => {
      const y = this.#mix(this.qkv.forward(x), relative, queries);
      if (residual === undefined) return this.#projDrop.forward(this.proj.forward(y));
      if (this.#projDrop.p === 0 || !this.training) return this.proj.forward(y, { residual });
      return add(this.#projDrop.forward(this.proj.forward(y)), residual);
    });
  }

  /** The attention weights on x (B,T,C): (B,H,T,T). */
  weights(x: Tensor, relative?: RelativePositions): Tensor {
    return scope(() => {
      const [q, k] = this.#heads(this.qkv.forward(x));
      return weightsOf(q, k, relative);
    });
  }

  /** Attention on qkv (B,T,3*C): read in place where nothing comes between, else head by head. */
  #mix(qkv: Tensor, relative: RelativePositions | undefined, queries: number | undefined): Tensor {
    const dropRate = this.training ? this.#attnDropRate : 0;
    const whole = dropRate > 0 || relative !== undefined; // the weights are needed as such
    if (this.qNorm === undefined && !whole) return attentionQkv(qkv, this.numHeads, { ...(queries && { queries }) });
    const [allQ, k, v] = this.#heads(qkv);
    const q = queries === undefined || relative !== undefined ? allQ : slice(allQ, 2, 0, queries);
    const y = whole ? matmul(dropout(weightsOf(q, k, relative), dropRate), v) : attention(q, k, v);
    const [b, , t] = y.shape as [number, number, number, number]; // (B,H,T,D)
    const joined = reshape(transpose(y, 1, 2), [b, t, this.dim]);
    return queries === undefined || t === queries ? joined : slice(joined, 1, 0, queries);
  }

  /** qkv (B,T,3*C) to q, k, v (B,H,T,D), normalised if so configured. */
  #heads(qkv: Tensor): [Tensor, Tensor, Tensor] {
    const [b, t] = qkv.shape as [number, number, number]; // from a Linear on (B,T,C)
    const width = this.dim / this.numHeads;
    const split = permute(reshape(qkv, [b, t, 3, this.numHeads, width]), [2, 0, 3, 1, 4]); // (3,B,H,T,D)
    const part = (i: number): Tensor => reshape(slice(split, 0, i, i + 1), [b, this.numHeads, t, width]);
    const [q, k] = [part(0), part(1)];
    return [this.qNorm?.forward(q) ?? q, this.kNorm?.forward(k) ?? k, part(2)];
  }
}

function weightsOf(q: Tensor, k: Tensor, relative: RelativePositions | undefined): Tensor {
  return attentionWeights(q, k, relative && { bias: relative.forward(q) });
}

/** Options of `Mlp`. */
export interface MlpOptions {
  /** Between the two linear layers. */
  act: MlpActivation;
  /** Whether both linear layers have biases. */
  bias: boolean;
  /** Probability of dropping, in training. */
  drop: number;
}

const MLP_OPTIONS: OptionNames<MlpOptions> = { act: true, bias: true, drop: true };

/** Linear, activation, linear. @see timm's `Mlp` */
export class Mlp extends Module {
  /** (dim to the hidden width) */
  readonly fc1: Linear;
  /** (the hidden width to dim) */
  readonly fc2: Linear;
  readonly #drop: Dropout;
  /** Between the two. */
  readonly act: MlpActivation;

  constructor(dim: number, hidden: number, options: MlpOptions) {
    super();
    checkOptions(options, MLP_OPTIONS, 'Mlp');
    const bias = checkBoolean(options?.bias, 'Mlp bias');
    this.fc1 = this.child('fc1', new Linear(dim, hidden, { bias }));
    this.fc2 = this.child('fc2', new Linear(hidden, dim, { bias }));
    this.#drop = this.child('drop', new Dropout(checkDropProbability(options.drop, 'Mlp drop')));
    this.act = checkOneOf(options.act, 'Mlp act', ['gelu', 'gelu_tanh', 'relu']);
  }

  /** @param x (B,T,C) @param residual (B,T,C), added last @returns (B,T,C) */
  forward(x: Tensor, residual?: Tensor): Tensor {
    return scope(() => {
      const hidden = this.#drop.forward(this.fc1.forward(x, { activation: this.act }));
      if (residual === undefined) return this.#drop.forward(this.fc2.forward(hidden));
      if (this.#drop.p === 0 || !this.training) return this.fc2.forward(hidden, { residual });
      return add(this.#drop.forward(this.fc2.forward(hidden)), residual);
    });
  }
}

type Branch = (normed: Tensor, residual?: Tensor) => Tensor;

/**
 * A pre-norm Transformer block: x + attention(norm(x)), then x + mlp(norm(x)).
 * @see Dosovitskiy et al. 2021, equations 2 and 3
 * @see timm's `Block`, with its parameter names
 */
export class Block extends Module {
  /** Before attention. */
  readonly norm1: LayerNorm;
  /** Mixes tokens. */
  readonly attn: Attention;
  /** Before the MLP. */
  readonly norm2: LayerNorm;
  /** Works on each token alone. */
  readonly mlp: Mlp;
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
    const eps = checkNumber(options.normEps, 'Block normEps', 0);
    const { initValues } = options;
    const scale = (name: string): LayerScale | undefined =>
      initValues === undefined ? undefined : this.child(name, new LayerScale(dim, initValues));
    this.norm1 = this.child('norm1', new LayerNorm(dim, { eps }));
    this.attn = this.child('attn', new Attention(dim, options.numHeads, only(options, ATTENTION_OPTIONS)));
    this.ls1 = scale('ls1');
    this.norm2 = this.child('norm2', new LayerNorm(dim, { eps }));
    const mlp = { act: options.act, bias: options.projBias, drop: options.projDropRate };
    this.mlp = this.child('mlp', new Mlp(dim, hidden, mlp));
    this.ls2 = scale('ls2');
    this.#dropPath = this.child(
      'drop_path',
      new DropPath(checkDropProbability(options.dropPathRate, 'Block dropPathRate')),
    );
  }

  /**
   * @param x (B,T,C)
   * @param relative added to the scores of attention
   * @param outputs how many tokens, from the first, are wanted: the others are attended to, and no more. Default: all.
   * @returns (B,outputs,C)
   */
  forward(x: Tensor, relative?: RelativePositions, outputs?: number): Tensor {
    return scope(() => {
      const attend: Branch = (normed, residual) => this.attn.forward(normed, residual, relative, outputs);
      const wanted = outputs === undefined ? x : slice(x, 1, 0, outputs);
      const attended = this.#branch(this.norm1.forward(x), wanted, attend, this.ls1);
      const transform: Branch = (normed, residual) => this.mlp.forward(normed, residual);
      return this.#branch(this.norm2.forward(attended), attended, transform, this.ls2);
    });
  }

  /** The weights of attention in this block on x (B,T,C): (B,H,T,T). */
  attentionWeights(x: Tensor, relative?: RelativePositions): Tensor {
    return scope(() => this.attn.weights(this.norm1.forward(x), relative));
  }

  /** x + branch(normed): the sum rides on the branch's last product unless something comes between. */
  #branch(normed: Tensor, x: Tensor, branch: Branch, scale: LayerScale | undefined): Tensor {
    const dropping = this.training && this.#dropPath.p > 0;
    if (scale === undefined && !dropping) return branch(normed, x);
    const y = branch(normed);
    return add(x, this.#dropPath.forward(scale?.forward(y) ?? y));
  }
}
