import { checkOptions, type OptionNames } from '../check-options.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import * as init from './init.js';
import { LayerNorm } from './layer-norm.js';
import { Module } from './module.js';
import {
  DECODER_MASKS,
  type DecoderMasks,
  TransformerDecoder,
  TransformerDecoderLayer,
} from './transformer-decoder.js';
import {
  checkLayerOptions,
  type EncoderMasks,
  LAYER_OPTIONS,
  TransformerEncoder,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from './transformer-encoder.js';

/** Options of `Transformer`; the defaults are PyTorch's, but for `batchFirst`. */
export interface TransformerOptions extends TransformerLayerOptions {
  /** Width. Default 512. */
  dModel?: number;
  /** Heads. Default 8. */
  nHead?: number;
  /** Default 6. */
  numEncoderLayers?: number;
  /** Default 6. */
  numDecoderLayers?: number;
}

/** Masks of one call: `srcIsCausal`, `tgtIsCausal`, `memoryIsCausal`, and a key-padding mask for each. */
export interface TransformerMasks extends DecoderMasks {
  /** Source position t sees source positions 0..t only. Default false. */
  srcIsCausal?: boolean;
  /** (B,S) int32 of 0 and 1: source positions at a 1 are ignored as keys. */
  srcKeyPaddingMask?: Tensor;
  /** As `attnMask` of `MultiheadAttention`, such as (S,S). */
  srcMask?: Tensor;
}

const OPTIONS: OptionNames<TransformerOptions> = {
  ...LAYER_OPTIONS,
  dModel: true,
  nHead: true,
  numEncoderLayers: true,
  numDecoderLayers: true,
};
const MASKS: OptionNames<TransformerMasks> = {
  ...DECODER_MASKS,
  srcIsCausal: true,
  srcKeyPaddingMask: true,
  srcMask: true,
};

/**
 * Encoder and decoder, each with a final norm.
 *
 * @throws TypeError when the heads do not divide the width
 * @see Vaswani et al. 2017
 * @see `torch.nn.Transformer`, with its parameter names and initial values
 */
export class Transformer extends Module {
  /** Reads the source. */
  readonly encoder: TransformerEncoder;
  /** Makes the target, with what the encoder made of the source. */
  readonly decoder: TransformerDecoder;

  constructor(options: TransformerOptions = {}) {
    super();
    checkOptions(options, OPTIONS, 'Transformer');
    const { dModel = 512, nHead = 8, numEncoderLayers = 6, numDecoderLayers = 6, ...rest } = options;
    const layer = checkLayerOptions(rest, 'Transformer');
    const norm = (): LayerNorm => new LayerNorm(dModel, { eps: layer.layerNormEps, bias: layer.bias });
    const encoderLayer = new TransformerEncoderLayer(dModel, nHead, layer);
    this.encoder = this.child('encoder', new TransformerEncoder(encoderLayer, numEncoderLayers, norm()));
    const decoderLayer = new TransformerDecoderLayer(dModel, nHead, layer);
    this.decoder = this.child('decoder', new TransformerDecoder(decoderLayer, numDecoderLayers, norm()));
    for (const parameter of this.parameters()) if (parameter.rank > 1) init.xavierUniform(parameter);
  }

  /**
   * @param src (B,S,E), or (S,B,E) with `batchFirst: false`
   * @param tgt (B,T,E), or (T,B,E)
   * @returns of the target's shape
   */
  forward(src: Tensor, tgt: Tensor, masks: TransformerMasks = {}): Tensor {
    checkOptions(masks, MASKS, 'Transformer masks');
    return scope(() => {
      const { srcIsCausal, srcKeyPaddingMask, srcMask, ...decoding } = masks;
      const encoding: EncoderMasks = {
        isCausal: srcIsCausal ?? false,
        ...(srcKeyPaddingMask !== undefined && { srcKeyPaddingMask }),
        ...(srcMask !== undefined && { srcMask }),
      };
      return this.decoder.forward(tgt, this.encoder.forward(src, encoding), decoding);
    });
  }
}
