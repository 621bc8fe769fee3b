import { checkInteger, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Dropout } from './dropout.js';
import { LayerNorm } from './layer-norm.js';
import { Linear } from './linear.js';
import { Module } from './module.js';
import { ModuleList } from './module-list.js';
import { MultiheadAttention } from './multihead-attention.js';
import {
  checkLayerOptions,
  feedForward,
  type TransformerLayerOptions,
  toAttentionMasks,
} from './transformer-encoder.js';

/** Masks of one call of a decoder. */
export interface DecoderMasks {
  /** Target position t sees target positions 0..t only. Default false. */
  tgtIsCausal?: boolean;
  /** Target position t sees memory positions 0..t only. Default false. */
  memoryIsCausal?: boolean;
  /** (B,T) int32 of 0 and 1: target positions at a 1 are ignored as keys. */
  tgtKeyPaddingMask?: Tensor;
  /** (B,M) int32 of 0 and 1: memory positions at a 1 are ignored as keys. */
  memoryKeyPaddingMask?: Tensor;
  /** As `attnMask` of `MultiheadAttention`, such as (T,T). */
  tgtMask?: Tensor;
  /** As `attnMask` of `MultiheadAttention`, such as (T,M). */
  memoryMask?: Tensor;
}

/** @internal */
export const DECODER_MASKS: OptionNames<DecoderMasks> = {
  tgtIsCausal: true,
  memoryIsCausal: true,
  tgtKeyPaddingMask: true,
  memoryKeyPaddingMask: true,
  tgtMask: true,
  memoryMask: true,
};

/**
 * Self-attention, attention over an encoder's output, and a feed-forward network, each with a residual and a layer norm.
 *
 * @throws TypeError when the heads do not divide the width
 * @see Vaswani et al. 2017, section 3.1
 * @see `torch.nn.TransformerDecoderLayer`, with its parameter names
 */
export class TransformerDecoderLayer extends Module {
  /** Attention of the target's tokens to each other. */
  readonly selfAttn: MultiheadAttention;
  /** Attention of the target's tokens to the encoder's. */
  readonly multiheadAttn: MultiheadAttention;
  /** (dModel to dimFeedforward) */
  readonly linear1: Linear;
  /** (dimFeedforward to dModel) */
  readonly linear2: Linear;
  /** Of self-attention. */
  readonly norm1: LayerNorm;
  /** Of attention to the encoder. */
  readonly norm2: LayerNorm;
  /** Of the feed-forward part. */
  readonly norm3: LayerNorm;
  readonly #dropout: Dropout;
  /** As given, with the defaults. */
  readonly options: Readonly<Required<TransformerLayerOptions>>;

  constructor(
    /** Width of a token. */
    readonly dModel: number,
    /** Heads of each attention. */
    readonly nHead: number,
    options: TransformerLayerOptions = {},
  ) {
    super();
    this.options = checkLayerOptions(options, 'TransformerDecoderLayer');
    const { dropout, bias, batchFirst, dimFeedforward: feedforward, layerNormEps: eps } = this.options;
    const norm = { eps, bias };
    const attention = { dropout, bias, batchFirst };
    this.selfAttn = this.child('self_attn', new MultiheadAttention(dModel, nHead, attention));
    this.multiheadAttn = this.child('multihead_attn', new MultiheadAttention(dModel, nHead, attention));
    this.linear1 = this.child('linear1', new Linear(dModel, feedforward, { bias }));
    this.linear2 = this.child('linear2', new Linear(feedforward, dModel, { bias }));
    this.norm1 = this.child('norm1', new LayerNorm(dModel, norm));
    this.norm2 = this.child('norm2', new LayerNorm(dModel, norm));
    this.norm3 = this.child('norm3', new LayerNorm(dModel, norm));
    this.#dropout = this.child('dropout', new Dropout(dropout));
  }

  /** A layer of the same options and the same values. */
  clone(): TransformerDecoderLayer {
    const copy = new TransformerDecoderLayer(this.dModel, this.nHead, this.options);
    copy.loadStateDict(this.stateDict());
    return copy;
  }

  /**
   * @param tgt (B,T,E), or (T,B,E) with `batchFirst: false`
   * @param memory the encoder's output, (B,M,E) or (M,B,E)
   * @returns of the target's shape
   */
  forward(tgt: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    checkOptions(masks, DECODER_MASKS, 'TransformerDecoderLayer masks');
    return scope(() => {
      if (this.options.normFirst) {
        const attended = tgt.add(this.#attend(this.norm1.forward(tgt), masks));
        const informed = attended.add(this.#consult(this.norm2.forward(attended), memory, masks));
        return informed.add(this.#feedForward(this.norm3.forward(informed)));
      }
      const attended = this.norm1.forward(this.#attend(tgt, masks), tgt);
      const informed = this.norm2.forward(this.#consult(attended, memory, masks), attended);
      return this.norm3.forward(this.#feedForward(informed), informed);
    });
  }

  #attend(x: Tensor, { tgtIsCausal, tgtKeyPaddingMask, tgtMask }: DecoderMasks): Tensor {
    const masks = toAttentionMasks(tgtIsCausal, tgtKeyPaddingMask, tgtMask);
    return this.#dropout.forward(this.selfAttn.forward(x, x, x, masks));
  }

  #consult(x: Tensor, memory: Tensor, { memoryIsCausal, memoryKeyPaddingMask, memoryMask }: DecoderMasks): Tensor {
    const masks = toAttentionMasks(memoryIsCausal, memoryKeyPaddingMask, memoryMask);
    return this.#dropout.forward(this.multiheadAttn.forward(x, memory, memory, masks));
  }

  #feedForward(x: Tensor): Tensor {
    const y = feedForward(x, this.linear1, this.linear2, this.options.activation, this.#dropout);
    return this.#dropout.forward(y);
  }
}

/**
 * A stack of decoder layers, each a copy of the given one, with an optional final norm.
 *
 * @throws TypeError unless there is at least one layer
 * @see `torch.nn.TransformerDecoder`, with its parameter names
 */
export class TransformerDecoder extends Module {
  /** The layers, first to last. */
  readonly layers: ModuleList<TransformerDecoderLayer>;
  /** After the last layer; undefined if there is none. */
  readonly norm: LayerNorm | undefined;

  constructor(layer: TransformerDecoderLayer, numLayers: number, norm?: LayerNorm) {
    super();
    if (!(layer instanceof TransformerDecoderLayer)) throw expected('a layer', 'TransformerDecoder', layer);
    checkInteger(numLayers, 'TransformerDecoder numLayers', 1);
    const copies = Array.from({ length: numLayers - 1 }, () => layer.clone());
    this.layers = this.child('layers', new ModuleList([layer, ...copies]));
    this.norm = norm === undefined ? undefined : this.child('norm', norm);
  }

  /** As `TransformerDecoderLayer.forward`, through all layers. */
  forward(tgt: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    return scope(() => {
      let y = tgt;
      for (const layer of this.layers) y = layer.forward(y, memory, masks);
      return this.norm === undefined ? y : this.norm.forward(y);
    });
  }
}
