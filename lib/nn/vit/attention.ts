import { checkBoolean, checkInteger, checkNumber, expected } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { attention, attentionQkv } from '../../ops/attention.js';
import { attentionWeights } from '../../ops/attention-weights.js';
import { cat } from '../../ops/cat.js';
import { constant } from '../../ops/constant.js';
import { zeros } from '../../ops/creation.js';
import { dropout } from '../../ops/dropout.js';
import { add } from '../../ops/elementwise.js';
import { matmul } from '../../ops/matmul.js';
import { checkDropProbability } from '../../ops/random.js';
import { reshape } from '../../ops/reshape.js';
import { rotaryEmbedding, rotaryEmbeddingQkv } from '../../ops/rotary-embedding.js';
import { slice } from '../../ops/slice.js';
import { permute, transpose } from '../../ops/transpose.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { Dropout } from '../dropout.js';
import { Linear } from '../linear.js';
import { Module } from '../module.js';
import type { Grid } from '../resample.js';
import { addToStream } from '../residual-stream.js';
import type { ViTConfig } from './config.js';
import { checkNormLayer, makeNorm, type Norm } from './norm.js';
import { RelativePositionBias } from './relative-position-bias.js';
import type { RelativePositions } from './relative-positions.js';
import type { RotaryTable } from './rotary.js';

/** Options of `Attention`; see `ViTConfig`. */
export interface AttentionModuleOptions
  extends Pick<ViTConfig, 'qkvBias' | 'qkNorm' | 'projBias' | 'normEps' | 'projDropRate' | 'attnDropRate'>,
    Partial<Pick<ViTConfig, 'keyBias' | 'attnNorm' | 'normLayer'>> {
  /** The grid of patches, behind one class token, whose distances have learned scores of this block. Default: none. */
  biasGrid?: Grid | undefined;
}

/** @internal */
export const ATTENTION_OPTIONS: OptionNames<AttentionModuleOptions> = {
  qkvBias: true,
  qkNorm: true,
  projBias: true,
  normEps: true,
  projDropRate: true,
  attnDropRate: true,
  keyBias: true,
  attnNorm: true,
  normLayer: true,
  biasGrid: true,
};

/** Where tokens lie, as attention takes it. */
export interface AttentionPlaces {
  /** Learned keys for distances. */
  readonly relative?: RelativePositions | undefined;
  /** Angles that queries and keys are turned by. */
  readonly rotary?: RotaryTable | undefined;
  /** (H,T,T), added to the scores. */
  readonly bias?: Tensor | undefined;
}

/** Multi-head self-attention with a fused qkv projection. @see timm's `Attention`, and its `EvaAttention` for the options */
export class Attention extends Module {
  /** (dim to 3*dim): queries, keys and values, in this order. */
  readonly qkv: Linear;
  /** (dim) of the queries, and of the values; undefined where `qkv` has its own bias, or none. */
  readonly qBias: Tensor | undefined;
  /** See `qBias`. */
  readonly vBias: Tensor | undefined;
  /** Of each head's queries; undefined without `qkNorm`. */
  readonly qNorm: Norm | undefined;
  /** Of each head's keys; undefined without `qkNorm`. */
  readonly kNorm: Norm | undefined;
  /** Of all heads' results; undefined without `attnNorm`. */
  readonly norm: Norm | undefined;
  /** Makes the result from all heads' (dim to dim). */
  readonly proj: Linear;
  readonly #bias: RelativePositionBias | undefined;
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
    const keyBias = checkBoolean(options.keyBias ?? true, 'Attention keyBias');
    const projBias = checkBoolean(options.projBias, 'Attention projBias');
    const normEps = checkNumber(options.normEps, 'Attention normEps', 0);
    checkInteger(numHeads, 'ViT numHeads', 1);
    if (dim % numHeads !== 0) throw expected(`heads that divide the width ${dim}`, 'ViT numHeads', numHeads);
    const kind = { normLayer: checkNormLayer(options.normLayer, 'Attention'), normEps };
    this.qkv = this.child('qkv', new Linear(dim, 3 * dim, { bias: qkvBias && keyBias }));
    if (qkvBias && !keyBias) {
      this.qBias = this.parameter('q_bias', () => zeros([dim]));
      this.vBias = this.parameter('v_bias', () => zeros([dim]));
    }
    if (checkBoolean(options.qkNorm, 'Attention qkNorm')) {
      this.qNorm = this.child('q_norm', makeNorm(dim / numHeads, kind));
      this.kNorm = this.child('k_norm', makeNorm(dim / numHeads, kind));
    }
    this.#bias =
      options.biasGrid === undefined
        ? undefined
        : this.child('relative_position_bias_table', new RelativePositionBias(options.biasGrid, numHeads));
    this.norm = checkBoolean(options.attnNorm ?? false, 'Attention attnNorm')
      ? this.child('norm', makeNorm(dim, kind))
      : undefined;
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
   * @param places of the tokens
   * @param queries how many tokens, from the first, attend; all are attended to. Default: all.
   * @returns (B,queries,C)
   */
  forward(x: Tensor, residual?: Tensor, places?: AttentionPlaces, queries?: number): Tensor {
    return scope(() => {
      const mixed = this.#mix(this.#project(x), places ?? {}, queries);
      const y = this.norm?.forward(mixed) ?? mixed;
      if (residual === undefined) return this.#projDrop.forward(this.proj.forward(y));
      if (this.#projDrop.p === 0 || !this.training) return this.proj.forward(y, { residual });
      return addToStream(residual, this.#projDrop.forward(this.proj.forward(y)));
    });
  }

  /** The attention weights on x (B,T,C): (B,H,T,T). */
  weights(x: Tensor, places: AttentionPlaces = {}): Tensor {
    return scope(() => {
      const [q, k] = this.#heads(this.#project(x), places);
      return this.#weightsOf(q, k, places);
    });
  }

  /** Queries, keys and values (B,T,3*C). */
  #project(x: Tensor): Tensor {
    if (this.qBias === undefined || this.vBias === undefined) return this.qkv.forward(x);
    return this.qkv.forward(x, {}, cat([this.qBias, constant(new Float32Array(this.dim), [this.dim]), this.vBias]));
  }

  /** Attention on qkv (B,T,3*C): read in place where nothing comes between, else head by head. */
  #mix(qkv: Tensor, places: AttentionPlaces, queries: number | undefined): Tensor {
    const { relative, rotary } = places;
    const dropRate = this.training ? this.#attnDropRate : 0;
    const whole = dropRate > 0 || relative !== undefined; // the weights are needed as such
    if (this.qNorm === undefined && !whole) {
      const turned =
        rotary === undefined ? qkv : rotaryEmbeddingQkv(qkv, this.numHeads, rotary.cos, rotary.sin, turning(rotary));
      return attentionQkv(turned, this.numHeads, { ...(queries && { queries }), ...this.#mask(places, queries) });
    }
    const [allQ, k, v] = this.#heads(qkv, places);
    const q = queries === undefined || whole ? allQ : slice(allQ, 2, 0, queries);
    const y = whole
      ? matmul(dropout(this.#weightsOf(q, k, places), dropRate), v)
      : attention(q, k, v, this.#mask(places, queries));
    const [b, , t] = y.shape as [number, number, number, number]; // (B,H,T,D)
    const joined = reshape(transpose(y, 1, 2), [b, t, this.dim]);
    return queries === undefined || t === queries ? joined : slice(joined, 1, 0, queries);
  }

  #weightsOf(q: Tensor, k: Tensor, places: AttentionPlaces): Tensor {
    return attentionWeights(q, k, {
      ...(places.relative && { bias: places.relative.forward(q) }),
      ...this.#mask(places, undefined),
    });
  }

  /** What is added to the scores whatever the queries are. */
  #mask({ bias }: AttentionPlaces, queries: number | undefined): { attnMask?: Tensor } {
    const own = this.#bias?.forward();
    const all = own !== undefined && bias !== undefined ? add(own, bias) : (own ?? bias);
    if (all === undefined) return {};
    return { attnMask: queries === undefined ? all : slice(all, 1, 0, queries) };
  }

  /** qkv (B,T,3*C) to q, k, v (B,H,T,D), normalised and turned if so configured. */
  #heads(qkv: Tensor, { rotary }: AttentionPlaces): [Tensor, Tensor, Tensor] {
    const [b, t] = qkv.shape as [number, number, number]; // from a Linear on (B,T,C)
    const width = this.dim / this.numHeads;
    const split = permute(reshape(qkv, [b, t, 3, this.numHeads, width]), [2, 0, 3, 1, 4]); // (3,B,H,T,D)
    const part = (i: number): Tensor => reshape(slice(split, 0, i, i + 1), [b, this.numHeads, t, width]);
    const [q, k] = [part(0), part(1)];
    const turn = (x: Tensor): Tensor =>
      rotary === undefined ? x : rotaryEmbedding(x, rotary.cos, rotary.sin, turning(rotary));
    return [turn(this.qNorm?.forward(q) ?? q), turn(this.kNorm?.forward(k) ?? k), part(2)];
  }
}

function turning({ interleaved, prefix }: RotaryTable): { interleaved: boolean; prefix: number } {
  return { interleaved, prefix };
}
