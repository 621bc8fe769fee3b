import { checkBoolean, checkInteger, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { type AttentionOptions, attention, attentionQkv } from '../ops/attention.js';
import { attentionWeights } from '../ops/attention-weights.js';
import { checkTensor } from '../ops/check-tensor.js';
import { dropout } from '../ops/dropout.js';
import { linear } from '../ops/linear.js';
import { matmul } from '../ops/matmul.js';
import { checkDropProbability } from '../ops/random.js';
import { reshape } from '../ops/reshape.js';
import { slice } from '../ops/slice.js';
import { permute, transpose } from '../ops/transpose.js';
import { scope } from '../scope.js';
import { empty, type Tensor } from '../tensor.js';
import * as init from './init.js';
import { Linear } from './linear.js';
import { Module } from './module.js';

/** Options of `MultiheadAttention`. */
export interface MultiheadAttentionOptions {
  /** Probability of dropping an attention weight in training. Default 0. */
  dropout?: number;
  /** Whether the projections have biases. Default true. */
  bias?: boolean;
  /**
   * Whether tensors are (B,T,E). Default true. PyTorch's default is false, (T,B,E): given (B,T,E) by mistake it attends
   * across the batch.
   */
  batchFirst?: boolean;
}

const OPTIONS: OptionNames<MultiheadAttentionOptions> = { dropout: true, bias: true, batchFirst: true };

/** Masks of one call. */
export type AttentionMasks = Pick<AttentionOptions, 'causal' | 'keyPaddingMask'>;

const MASKS: OptionNames<AttentionMasks> = { causal: true, keyPaddingMask: true };

/**
 * Multi-head attention with learned projections.
 *
 * @throws TypeError when the heads do not divide the width
 * Source: Vaswani et al. 2017, section 3.2.2. Counterpart: `torch.nn.MultiheadAttention`, with its parameter names and
 * initial values.
 */
export class MultiheadAttention extends Module {
  readonly inProjWeight: Tensor;
  readonly inProjBias: Tensor | undefined;
  readonly outProj: Linear;
  readonly dropout: number;
  readonly batchFirst: boolean;

  constructor(
    readonly embedDim: number,
    readonly numHeads: number,
    options: MultiheadAttentionOptions = {},
  ) {
    super();
    checkOptions(options, OPTIONS, 'MultiheadAttention');
    checkInteger(embedDim, 'MultiheadAttention embedDim', 1);
    checkInteger(numHeads, 'MultiheadAttention numHeads', 1);
    if (embedDim % numHeads !== 0) {
      throw expected(`heads that divide the width ${embedDim}`, 'MultiheadAttention numHeads', numHeads);
    }
    this.dropout = checkDropProbability(options.dropout ?? 0, 'MultiheadAttention dropout');
    this.batchFirst = checkBoolean(options.batchFirst ?? true, 'MultiheadAttention batchFirst');
    const bias = checkBoolean(options.bias ?? true, 'MultiheadAttention bias');
    this.inProjWeight = this.parameter('in_proj_weight', () => init.xavierUniform(empty([3 * embedDim, embedDim])));
    this.inProjBias = bias ? this.parameter('in_proj_bias', () => init.zeros(empty([3 * embedDim]))) : undefined;
    this.outProj = this.child('out_proj', new Linear(embedDim, embedDim, { bias }));
    if (this.outProj.bias !== undefined) init.zeros(this.outProj.bias);
  }

  /**
   * @param query (B,T,E), or (T,B,E) with `batchFirst: false`
   * @param key (B,M,E). Default: the query (self-attention), which is then projected in one product.
   * @param value (B,M,E). Default: the key.
   * @returns of the query's shape
   */
  forward(query: Tensor, key: Tensor = query, value: Tensor = key, masks: AttentionMasks = {}): Tensor {
    checkOptions(masks, MASKS, 'MultiheadAttention masks');
    const letters = this.batchFirst ? '(B,T,E)' : '(T,B,E)';
    const [a, b] = checkTensor(query, 'MultiheadAttention query', { rank: 3, letters }).shape as [
      number,
      number,
      number,
    ]; // three axes
    const keys = this.batchFirst ? [a, null, this.embedDim] : [null, b, this.embedDim];
    checkTensor(query, 'MultiheadAttention query', { shape: [a, b, this.embedDim] });
    checkTensor(key, 'MultiheadAttention key', { shape: keys });
    checkTensor(value, 'MultiheadAttention value', { shape: key.shape });
    return scope(() => this.outProj.forward(this.#attend(query, key, value, masks)));
  }

  #attend(query: Tensor, key: Tensor, value: Tensor, masks: AttentionMasks): Tensor {
    const dropping = this.training && this.dropout > 0;
    if (query === key && key === value && !dropping) {
      const qkv = linear(query, this.inProjWeight, this.inProjBias);
      return attentionQkv(qkv, this.numHeads, { ...masks, batchFirst: this.batchFirst });
    }
    const [q, k, v] = [query, key, value].map((x, i) => this.#heads(this.#project(x, i))) as [Tensor, Tensor, Tensor]; // one each
    return this.#join(dropping ? this.#attendDropping(q, k, v, masks) : attention(q, k, v, masks));
  }

  /** Dropout on the weights themselves needs them in full. */
  #attendDropping(q: Tensor, k: Tensor, v: Tensor, masks: AttentionMasks): Tensor {
    return matmul(dropout(attentionWeights(q, k, masks), this.dropout), v);
  }

  /** Part i (0 q, 1 k, 2 v) of the input projection. */
  #project(x: Tensor, i: number): Tensor {
    const [from, to] = [i * this.embedDim, (i + 1) * this.embedDim];
    return linear(x, slice(this.inProjWeight, 0, from, to), this.inProjBias && slice(this.inProjBias, 0, from, to));
  }

  /** (B,T,E) or (T,B,E) to (B,H,T,D). */
  #heads(x: Tensor): Tensor {
    const [a, b] = x.shape as [number, number, number]; // linear has checked the last axis
    const split = reshape(x, [a, b, this.numHeads, this.embedDim / this.numHeads]);
    return permute(split, this.batchFirst ? [0, 2, 1, 3] : [1, 2, 0, 3]);
  }

  /** (B,H,T,D) back to the layout of the inputs. */
  #join(y: Tensor): Tensor {
    const [b, , t] = y.shape as [number, number, number, number]; // four axes
    if (this.batchFirst) return reshape(transpose(y, 1, 2), [b, t, this.embedDim]);
    return reshape(permute(y, [2, 0, 1, 3]), [t, b, this.embedDim]);
  }
}
