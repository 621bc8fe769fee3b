import { checkArray, checkInteger } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { PATCH_EMBED_OPTIONS, PatchEmbed, type PatchEmbedOptions } from '../patch-embed.js';
import { ResNetStem, StemConv } from './resnet-stem.js';

/** Options of `HybridEmbed`. */
export interface HybridEmbedOptions extends PatchEmbedOptions {
  /** Blocks of each stage of the ResNet; none for its stem convolution alone. */
  resnetLayers: readonly number[];
}

const OPTIONS: OptionNames<HybridEmbedOptions> = { ...PATCH_EMBED_OPTIONS, resnetLayers: true };

/**
 * Patches of a ResNet's features in place of the image's own: (N,C,H,W) to (N,L,D).
 * @see Dosovitskiy et al. 2021, section 3.1, "Hybrid Architecture"
 * @see timm's `HybridEmbed`, with its parameter names
 */
export class HybridEmbed extends PatchEmbed {
  readonly backbone: ResNetStem | StemConv;

  constructor(options: HybridEmbedOptions) {
    checkOptions(options, OPTIONS, 'HybridEmbed');
    const inChans = checkInteger(options?.inChans, 'HybridEmbed inChans', 1);
    const { resnetLayers, ...patches } = options;
    checkArray(resnetLayers, 'an array of numbers of blocks', 'HybridEmbed resnetLayers');
    const backbone = resnetLayers.length === 0 ? new StemConv(inChans) : new ResNetStem(inChans, resnetLayers);
    super({ ...patches, inChans: backbone.outChannels });
    this.backbone = this.child('backbone', backbone);
  }

  /** @param image (N,C,H,W) @returns (N,L,D), patches in row-major order */
  override forward(image: Tensor): Tensor {
    return scope(() => super.forward(this.backbone.forward(image)));
  }
}
