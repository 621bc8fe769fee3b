import { checkBoolean, checkInteger, checkNumber, checkOneOf, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { checkDropProbability } from '../ops/random.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Dropout } from './dropout.js';
import { LayerNorm } from './layer-norm.js';
import { Linear } from './linear.js';
import { Module } from './module.js';
import { ModuleList } from './module-list.js';
import { type AttentionMasks, MultiheadAttention } from './multihead-attention.js';

/** Options of a Transformer layer; the defaults are PyTorch's, but for `batchFirst`. */
export interface TransformerLayerOptions {
  /** Width of the feed-forward part. Default 2048. */
  dimFeedforward?: number;
  /** Probability of dropping, in training. Default 0.1. */
  dropout?: number;
  /** Default `'relu'`. */
  activation?: 'relu' | 'gelu';
  /** Added to the variance in layer norms. Default 1e-5. */
  layerNormEps?: number;
  /** Whether tensors are (B,T,E). Default true; PyTorch's default, false, means (T,B,E). */
  batchFirst?: boolean;
  /** Whether norms come before attention and feed-forward, as in ViT, or after. Default false. */
  normFirst?: boolean;
  /** Whether linear layers and norms have biases. Default true. */
  bias?: boolean;
}

/** Masks of one call of an encoder. */
export interface EncoderMasks {
  /** Position t sees positions 0..t only. Default false. */
  isCausal?: boolean;
  /** (B,T) int32 of 0 and 1: positions at a 1 are ignored as keys. */
  srcKeyPaddingMask?: Tensor;
  /** As `attnMask` of `MultiheadAttention`, such as (T,T). */
  srcMask?: Tensor;
}

/** @internal */
export const LAYER_OPTIONS: OptionNames<TransformerLayerOptions> = {
  dimFeedforward: true,
  dropout: true,
  activation: true,
  layerNormEps: true,
  batchFirst: true,
  normFirst: true,
  bias: true,
};

/** @internal The options with their defaults, checked, and no longer the caller's. */
export function checkLayerOptions(
  options: TransformerLayerOptions,
  where: string,
): Readonly<Required<TransformerLayerOptions>> {
  checkOptions(options, LAYER_OPTIONS, where);
  return Object.freeze({
    dimFeedforward: checkInteger(options.dimFeedforward ?? 2048, `${where} dimFeedforward`, 1),
    dropout: checkDropProbability(options.dropout ?? 0.1, `${where} dropout`),
    activation: checkOneOf(options.activation ?? 'relu', `${where} activation`, ['relu', 'gelu']),
    layerNormEps: checkNumber(options.layerNormEps ?? 1e-5, `${where} layerNormEps`, 0),
    batchFirst: checkBoolean(options.batchFirst ?? true, `${where} batchFirst`),
    normFirst: checkBoolean(options.normFirst ?? false, `${where} normFirst`),
    bias: checkBoolean(options.bias ?? true, `${where} bias`),
  });
}

const MASKS: OptionNames<EncoderMasks> = { isCausal: true, srcKeyPaddingMask: true, srcMask: true };

/** @internal PyTorch's words for masks in `MultiheadAttention`'s. */
export function toAttentionMasks(
  causal: boolean | undefined,
  keyPaddingMask: Tensor | undefined,
  attnMask: Tensor | undefined,
): AttentionMasks {
  return {
    causal: causal ?? false,
    ...(keyPaddingMask !== undefined && { keyPaddingMask }),
    ...(attnMask !== undefined && { attnMask }),
  };
}

/** @internal The feed-forward part of a Transformer layer: linear, activation, dropout, linear. */
export function feedForward(
  x: Tensor,
  linear1: Linear,
  linear2: Linear,
  activation: 'relu' | 'gelu',
  drop: Dropout,
): Tensor {
  return linear2.forward(drop.forward(linear1.forward(x, { activation })));
}

/**
 * Self-attention and a feed-forward network, each with a residual and a layer norm.
 *
 * @throws TypeError when the heads do not divide the width
 * @see Vaswani et al. 2017, section 3.1
 * @see `torch.nn.TransformerEncoderLayer`, with its parameter names
 */
export class TransformerEncoderLayer extends Module {
  /** Attention of the tokens to each other. */
  readonly selfAttn: MultiheadAttention;
  /** (dModel to dimFeedforward) */
  readonly linear1: Linear;
  /** (dimFeedforward to dModel) */
  readonly linear2: Linear;
  /** Of attention. */
  readonly norm1: LayerNorm;
  /** Of the feed-forward part. */
  readonly norm2: LayerNorm;
  readonly #dropout: Dropout;
  /** As given, with the defaults. */
  readonly options: Readonly<Required<TransformerLayerOptions>>;

  constructor(
    /** Width of a token. */
    readonly dModel: number,
    /** Heads of the attention. */
    readonly nHead: number,
    options: TransformerLayerOptions = {},
  ) {
    super();
    this.options = checkLayerOptions(options, 'TransformerEncoderLayer');
    const { dropout, bias, batchFirst, dimFeedforward: feedforward, layerNormEps: eps } = this.options;
    const norm = { eps, bias };
    const attention = { dropout, bias, batchFirst };
    this.selfAttn = this.child('self_attn', new MultiheadAttention(dModel, nHead, attention));
    this.linear1 = this.child('linear1', new Linear(dModel, feedforward, { bias }));
    this.linear2 = this.child('linear2', new Linear(feedforward, dModel, { bias }));
    this.norm1 = this.child('norm1', new LayerNorm(dModel, norm));
    this.norm2 = this.child('norm2', new LayerNorm(dModel, norm));
    this.#dropout = this.child('dropout', new Dropout(dropout));
  }

  /** A layer of the same options and the same values. */
  clone(): TransformerEncoderLayer {
    const copy = new TransformerEncoderLayer(this.dModel, this.nHead, this.options);
    copy.loadStateDict(this.stateDict());
    return copy;
  }

  /** @param x (B,T,E), or (T,B,E) with `batchFirst: false` @returns of the same shape */
  forward(x: Tensor, masks: EncoderMasks = {}): Tensor {
    checkOptions(masks, MASKS, 'TransformerEncoderLayer masks');
    return scope(() => {
      if (this.options.normFirst) {
        const attended = x.add(this.#attend(this.norm1.forward(x), masks));
        return attended.add(this.#feedForward(this.norm2.forward(attended)));
      }
      const attended = this.norm1.forward(this.#attend(x, masks), x);
      return this.norm2.forward(this.#feedForward(attended), attended);
    });
  }

  #attend(x: Tensor, { isCausal, srcKeyPaddingMask, srcMask }: EncoderMasks): Tensor {
    const masks = toAttentionMasks(isCausal, srcKeyPaddingMask, srcMask);
    return this.#dropout.forward(this.selfAttn.forward(x, x, x, masks));
  }

  #feedForward(x: Tensor): Tensor {
    const y = feedForward(x, this.linear1, this.linear2, this.options.activation, this.#dropout);
    return this.#dropout.forward(y);
  }
}

/**
 * A stack of encoder layers, each a copy of the given one, with an optional final norm.
 *
 * @throws TypeError unless there is at least one layer
 * @see `torch.nn.TransformerEncoder`, with its parameter names
 */
export class TransformerEncoder extends Module {
  /** The layers, first to last. */
  readonly layers: ModuleList<TransformerEncoderLayer>;
  /** After the last layer; undefined if there is none. */
  readonly norm: LayerNorm | undefined;

  constructor(layer: TransformerEncoderLayer, numLayers: number, norm?: LayerNorm) {
    super();
    if (!(layer instanceof TransformerEncoderLayer)) throw expected('a layer', 'TransformerEncoder', layer);
    checkInteger(numLayers, 'TransformerEncoder numLayers', 1);
    const copies = Array.from({ length: numLayers - 1 }, () => layer.clone());
    this.layers = this.child('layers', new ModuleList([layer, ...copies]));
    this.norm = norm === undefined ? undefined : this.child('norm', norm);
  }

  /** @param x (B,T,E), or (T,B,E) with `batchFirst: false` @returns of the same shape */
  forward(x: Tensor, masks: EncoderMasks = {}): Tensor {
    return scope(() => {
      let y = x;
      for (const layer of this.layers) y = layer.forward(y, masks);
      return this.norm === undefined ? y : this.norm.forward(y);
    });
  }
}
