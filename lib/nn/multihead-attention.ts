import { checkBoolean, checkInteger, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { type AttentionOptions, attention, attentionQkv } from '../ops/attention.js';
import { attentionWeights } from '../ops/attention-weights.js';
import { checkTensor } from '../ops/check-tensor.js';
import { dropout } from '../ops/dropout.js';
import { linear } from '../ops/linear.js';
import { matmul } from '../ops/matmul.js';
import { checkDropProbability } from '../ops/random.js';
import { mean } from '../ops/reduce.js';
import { reshape } from '../ops/reshape.js';
import { slice } from '../ops/slice.js';
import { permute, transpose } from '../ops/transpose.js';
import { scope } from '../scope.js';
import { empty, Tensor } from '../tensor.js';
import { type Extension, extendKeys } from './extended-keys.js';
import * as init from './init.js';
import { Linear } from './linear.js';
import { Module } from './module.js';

/** Options of `MultiheadAttention`. */
export interface MultiheadAttentionOptions {
  /** Probability of dropping an attention weight in training. Default 0. */
  dropout?: number;
  /** Whether the projections have biases. Default true. */
  bias?: boolean;
  /** Whether a learned position is added to the keys and values. Default false. */
  addBiasKv?: boolean;
  /** Whether a position of zeros is added to the keys and values. Default false. */
  addZeroAttn?: boolean;
  /** Width of the keys. Default: the queries'. */
  kdim?: number;
  /** Width of the values. Default: the queries'. */
  vdim?: number;
  /**
   * Whether tensors are (B,T,E). Default true. PyTorch's default is false, (T,B,E): given (B,T,E) by mistake it attends
   * across the batch.
   */
  batchFirst?: boolean;
}

const OPTIONS: OptionNames<MultiheadAttentionOptions> = {
  dropout: true,
  bias: true,
  addBiasKv: true,
  addZeroAttn: true,
  kdim: true,
  vdim: true,
  batchFirst: true,
};

/** Masks of one call. Of int32 masks a 1 hides a key, as a true does in PyTorch's. */
export type AttentionMasks = Pick<AttentionOptions, 'causal' | 'keyPaddingMask' | 'attnMask'>;

/** Masks of one call, and whether it gives its weights as well. */
export interface AttentionCallOptions extends AttentionMasks {
  /** Whether to give the weights, too; they are then computed in full. Default false; PyTorch's default is true. */
  needWeights?: boolean;
  /** Whether those are the mean over the heads, (B,T,M), rather than (B,H,T,M). Default true. */
  averageAttnWeights?: boolean;
}

const CALL_OPTIONS: OptionNames<AttentionCallOptions> = {
  causal: true,
  keyPaddingMask: true,
  attnMask: true,
  needWeights: true,
  averageAttnWeights: true,
};

/** The heads' results, joined, and the weights where they were asked for. */
interface Mixed {
  y: Tensor;
  weights?: Tensor;
}

/**
 * Multi-head attention with learned projections.
 *
 * @throws TypeError when the heads do not divide the width
 * @see Vaswani et al. 2017, section 3.2.2
 * @see `torch.nn.MultiheadAttention`, with its parameter names and initial values
 */
export class MultiheadAttention extends Module {
  /** (3*E,E): queries, keys, values; undefined where these have widths of their own. */
  readonly inProjWeight: Tensor | undefined;
  /** (E,E), (E,kdim) and (E,vdim), where the widths differ. */
  readonly qProjWeight: Tensor | undefined;
  /** (embedDim,kdim), likewise. */
  readonly kProjWeight: Tensor | undefined;
  /** (embedDim,vdim), likewise. */
  readonly vProjWeight: Tensor | undefined;
  /** (3*embedDim): of q, k and v; undefined without a bias. */
  readonly inProjBias: Tensor | undefined;
  /** (1,1,E): the learned position of the keys, and of the values. */
  readonly biasK: Tensor | undefined;
  /** (1,1,embedDim): a value that all sequences have besides their own; undefined without `addBiasKv`. */
  readonly biasV: Tensor | undefined;
  /** Whether each sequence has a key and a value of zeros besides its own. */
  readonly addZeroAttn: boolean;
  /** Width of the keys. */
  readonly kdim: number;
  /** Width of the values. */
  readonly vdim: number;
  /** Makes the result from all heads' (embedDim to embedDim). */
  readonly outProj: Linear;
  /** The probability with which a weight is dropped in training. */
  readonly dropout: number;
  /** Whether the batch comes first, (N,T,C), and not the sequence, (T,N,C). */
  readonly batchFirst: boolean;

  constructor(
    /** Width of the queries and of the result, of all heads together. */
    readonly embedDim: number,
    /** Heads, each of `embedDim / numHeads`. */
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
    this.kdim = checkInteger(options.kdim ?? embedDim, 'MultiheadAttention kdim', 1);
    this.vdim = checkInteger(options.vdim ?? embedDim, 'MultiheadAttention vdim', 1);
    const weight = (name: string, rows: number, columns: number): Tensor =>
      this.parameter(name, () => init.xavierUniform(empty([rows, columns])));
    if (this.kdim === embedDim && this.vdim === embedDim) {
      this.inProjWeight = weight('in_proj_weight', 3 * embedDim, embedDim);
    } else {
      this.qProjWeight = weight('q_proj_weight', embedDim, embedDim);
      this.kProjWeight = weight('k_proj_weight', embedDim, this.kdim);
      this.vProjWeight = weight('v_proj_weight', embedDim, this.vdim);
    }
    this.inProjBias = bias ? this.parameter('in_proj_bias', () => init.zeros(empty([3 * embedDim]))) : undefined;
    if (checkBoolean(options.addBiasKv ?? false, 'MultiheadAttention addBiasKv')) {
      // PyTorch's xavier_normal_ of (1,1,E), whose fans are E and E.
      const position = (): Tensor => init.normal(empty([1, 1, embedDim]), 0, 1 / Math.sqrt(embedDim));
      this.biasK = this.parameter('bias_k', position);
      this.biasV = this.parameter('bias_v', position);
    }
    this.addZeroAttn = checkBoolean(options.addZeroAttn ?? false, 'MultiheadAttention addZeroAttn');
    this.outProj = this.child('out_proj', new Linear(embedDim, embedDim, { bias }));
    if (this.outProj.bias !== undefined) init.zeros(this.outProj.bias);
  }

  /**
   * @param query (B,T,E), or (T,B,E) with `batchFirst: false`
   * @param key (B,M,kdim). Default: the query (self-attention), which is then projected in one product.
   * @param value (B,M,vdim). Default: the key.
   * @param options masks; `attnMask` of any shape that broadcasts to (B,H,T,M), or PyTorch's (B*H,T,M)
   * @returns of the query's shape; with `needWeights: true` that and the weights
   */
  forward(
    query: Tensor,
    key: Tensor | undefined,
    value: Tensor | undefined,
    options: AttentionCallOptions & { needWeights: true },
  ): [y: Tensor, weights: Tensor];
  forward(
    query: Tensor,
    key?: Tensor,
    value?: Tensor,
    options?: AttentionCallOptions & { needWeights?: false },
  ): Tensor;
  forward(
    query: Tensor,
    key: Tensor = query,
    value: Tensor = key,
    options: AttentionCallOptions = {},
  ): Tensor | [Tensor, Tensor] {
    checkOptions(options, CALL_OPTIONS, 'MultiheadAttention masks');
    const { needWeights = false, averageAttnWeights = true, ...masks } = options;
    checkBoolean(needWeights, 'MultiheadAttention needWeights');
    checkBoolean(averageAttnWeights, 'MultiheadAttention averageAttnWeights');
    this.#checkInputs(query, key, value);
    return scope(() => {
      const { y, weights } = this.#attend(query, key, value, this.#perHead(query, masks), needWeights);
      const result = this.outProj.forward(y);
      if (weights === undefined) return result;
      return [result, averageAttnWeights ? mean(weights, { dim: 1 }) : weights];
    });
  }

  #checkInputs(query: Tensor, key: Tensor, value: Tensor): void {
    const letters = this.batchFirst ? '(B,T,E)' : '(T,B,E)';
    const [a, b] = checkTensor(query, 'MultiheadAttention query', { rank: 3, letters }).shape;
    checkTensor(query, 'MultiheadAttention query', { shape: [a, b, this.embedDim] });
    const keys = this.batchFirst ? [a, null, this.kdim] : [null, b, this.kdim];
    checkTensor(key, 'MultiheadAttention key', { shape: keys });
    checkTensor(value, 'MultiheadAttention value', { shape: [key.shape[0], key.shape[1], this.vdim] });
  }

  /** PyTorch's masks of three axes are (B*H,T,M). */
  #perHead(query: Tensor, masks: AttentionMasks): AttentionMasks {
    const { attnMask } = masks;
    const batch = query.shape[this.batchFirst ? 0 : 1];
    if (!(attnMask instanceof Tensor) || attnMask.rank !== 3 || batch < 2) return masks;
    const [first, ...rest] = attnMask.shape;
    if (first !== batch * this.numHeads) return masks;
    return { ...masks, attnMask: reshape(attnMask, [batch, this.numHeads, ...rest]) };
  }

  #attend(query: Tensor, key: Tensor, value: Tensor, masks: AttentionMasks, needWeights: boolean): Mixed {
    const whole = needWeights || (this.training && this.dropout > 0); // the weights are needed as such
    const extension: Extension = {
      bias: this.biasK && this.biasV && [this.biasK, this.biasV],
      zero: this.addZeroAttn,
    };
    const extended = extension.bias !== undefined || extension.zero;
    if (query === key && key === value && this.inProjWeight !== undefined && !whole && !extended) {
      const qkv = linear(query, this.inProjWeight, this.inProjBias);
      return { y: attentionQkv(qkv, this.numHeads, { ...masks, batchFirst: this.batchFirst }) };
    }
    const [q, k, v] = [query, key, value].map((x, i) => this.#heads(this.#project(x, i))) as [Tensor, Tensor, Tensor];
    const own = { key: k, value: v, masks };
    const at = extended ? extendKeys(own, extension, q.shape[2]) : own;
    if (!whole) return { y: this.#join(attention(q, at.key, at.value, at.masks)) };
    const full = attentionWeights(q, at.key, at.masks);
    const weights = this.training && this.dropout > 0 ? dropout(full, this.dropout) : full;
    return { y: this.#join(matmul(weights, at.value)), ...(needWeights && { weights }) };
  }

  /** Part i (0 q, 1 k, 2 v) of the input projection. */
  #project(x: Tensor, i: number): Tensor {
    const [from, to] = [i * this.embedDim, (i + 1) * this.embedDim];
    const own = [this.qProjWeight, this.kProjWeight, this.vProjWeight][i];
    const weight = own ?? slice(this.inProjWeight as Tensor, 0, from, to); // there is one or the other
    return linear(x, weight, this.inProjBias && slice(this.inProjBias, 0, from, to));
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
