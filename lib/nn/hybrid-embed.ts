import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { PatchEmbed, type PatchEmbedOptions } from './patch-embed.js';
import { ResNetStem, StemConv } from './resnet-stem.js';

/** Options of `HybridEmbed`. */
export interface HybridEmbedOptions extends PatchEmbedOptions {
  /** Blocks of each stage of the ResNet; none for its stem convolution alone. */
  resnetLayers: readonly number[];
}

/**
 * Patches of a ResNet's features in place of the image's own: (N,C,H,W) to (N,L,D).
 *
 * Source: Dosovitskiy et al. 2021, section 3.1, "Hybrid Architecture". Counterpart: timm's `HybridEmbed`, with its
 * parameter names.
 */
export class HybridEmbed extends PatchEmbed {
  readonly backbone: ResNetStem | StemConv;

  constructor(options: HybridEmbedOptions) {
    const { inChans, resnetLayers } = options;
    const backbone = resnetLayers.length === 0 ? new StemConv(inChans) : new ResNetStem(inChans, resnetLayers);
    super({ ...options, inChans: backbone.outChannels });
    this.backbone = this.child('backbone', backbone);
  }

  /** @param image (N,C,H,W) @returns (N,L,D), patches in row-major order */
  override forward(image: Tensor): Tensor {
    return scope(() => super.forward(this.backbone.forward(image)));
  }
}
