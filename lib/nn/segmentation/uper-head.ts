import { checkArray, checkInteger } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { cat } from '../../ops/cat.js';
import { add } from '../../ops/elementwise.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { Conv2d } from '../conv2d.js';
import { ModuleList } from '../module-list.js';
import { ConvNorm } from './conv-norm.js';
import { checkHead, checkMaps, DecodeHead, type DecodeHeadOptions, resizeLike } from './decode-head.js';
import { PyramidPooling } from './pyramid-pooling.js';

/** Options of `UPerHead`. */
export interface UPerHeadOptions extends DecodeHeadOptions {
  /** Channels within the head. Default 512. */
  channels?: number;
  /** Into how many rows and columns the last map is parted. Default 1, 2, 3 and 6. */
  poolScales?: readonly number[];
}

const NAMES: OptionNames<UPerHeadOptions> = { inChannels: true, numClasses: true, channels: true, poolScales: true };

/**
 * UPerNet's head: the last map knows the whole image by pyramid pooling, a feature pyramid carries that down to the finer
 * ones, and all together tell the classes.
 * @see Xiao et al. 2018 (UPerNet); Lin et al. 2017 (feature pyramid networks)
 * @see `UperNetHead` of Hugging Face's library, with its parameter names
 */
export class UPerHead extends DecodeHead {
  /** Pools the last map. */
  readonly pspModules: PyramidPooling;
  /** Of what is pooled. */
  readonly bottleneck: ConvNorm;
  /** Of every map but the last, to the head's channels. */
  readonly lateralConvs: ModuleList<ConvNorm>;
  /** Of every sum but the last. */
  readonly fpnConvs: ModuleList<ConvNorm>;
  /** Of all together. */
  readonly fpnBottleneck: ConvNorm;
  /** (classes,channels,1,1) */
  readonly classifier: Conv2d;
  /** Channels of each map. */
  readonly inChannels: readonly number[];

  /** @throws TypeError for options that are unknown or out of range */
  constructor(options: UPerHeadOptions) {
    super();
    checkOptions(options, NAMES, 'UPerHead');
    checkHead(options, 'UPerHead');
    const { inChannels, numClasses } = options;
    const channels = checkInteger(options.channels ?? 512, 'UPerHead channels', 1);
    const scales = checkArray(options.poolScales ?? [1, 2, 3, 6], 'an array of whole numbers', 'UPerHead poolScales');
    const poolScales = scales.map((scale) => checkInteger(scale, 'UPerHead poolScales', 1));
    this.inChannels = Object.freeze([...inChannels]);
    const last = inChannels[inChannels.length - 1];
    const finer = inChannels.slice(0, -1);
    this.classifier = this.child('classifier', new Conv2d(channels, numClasses, 1));
    this.pspModules = this.child('psp_modules', new PyramidPooling(poolScales, last, channels));
    this.bottleneck = this.child('bottleneck', new ConvNorm(last + poolScales.length * channels, channels, 3));
    const lateral = finer.map((count) => new ConvNorm(count, channels, 1));
    this.lateralConvs = this.child('lateral_convs', new ModuleList(lateral));
    this.fpnConvs = this.child('fpn_convs', new ModuleList(finer.map(() => new ConvNorm(channels, channels, 3))));
    this.fpnBottleneck = this.child('fpn_bottleneck', new ConvNorm(inChannels.length * channels, channels, 3));
  }

  forward(maps: readonly Tensor[]): Tensor {
    checkMaps(maps, this.inChannels, 'UPerHead');
    return scope(() => {
      let above = this.bottleneck.forward(this.pspModules.forward(maps[maps.length - 1]));
      const outputs = [above];
      for (let i = maps.length - 2; i >= 0; i--) {
        const lateral = this.lateralConvs.at(i).forward(maps[i]);
        above = add(lateral, resizeLike(above, lateral));
        outputs.unshift(this.fpnConvs.at(i).forward(above));
      }
      const all = cat(
        outputs.map((map) => resizeLike(map, outputs[0])),
        1,
      );
      return this.classifier.forward(this.fpnBottleneck.forward(all));
    });
  }
}
