import { checkBoolean } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { cat } from '../../ops/cat.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { BatchNorm2d } from '../batch-norm.js';
import { Conv2d } from '../conv2d.js';
import { checkHead, checkMaps, DecodeHead, type DecodeHeadOptions, resizeLike } from './decode-head.js';

/** Options of `LinearDecodeHead`. */
export interface LinearDecodeHeadOptions extends DecodeHeadOptions {
  /** Whether the maps are normed over the batch. Default true. */
  batchNorm?: boolean;
}

const NAMES: OptionNames<LinearDecodeHeadOptions> = { inChannels: true, numClasses: true, batchNorm: true };

/**
 * Maps one behind the other at the size of the first, batch normalisation, and a linear layer at each place: what a
 * backbone's features alone can tell.
 * @see Oquab et al. 2023 (DINOv2), section 7.4; `BNHead` of its code, with its parameter names
 */
export class LinearDecodeHead extends DecodeHead {
  /** Undefined without `batchNorm`. */
  readonly bn: BatchNorm2d | undefined;
  /** (classes,channels,1,1) */
  readonly convSeg: Conv2d;
  /** Channels of each map. */
  readonly inChannels: readonly number[];

  /** @throws TypeError for options that are unknown or out of range */
  constructor(options: LinearDecodeHeadOptions) {
    super();
    checkOptions(options, NAMES, 'LinearDecodeHead');
    checkHead(options, 'LinearDecodeHead');
    this.inChannels = Object.freeze([...options.inChannels]);
    const channels = this.inChannels.reduce((sum, count) => sum + count, 0);
    const norms = checkBoolean(options.batchNorm ?? true, 'LinearDecodeHead batchNorm');
    this.bn = norms ? this.child('bn', new BatchNorm2d(channels)) : undefined;
    this.convSeg = this.child('conv_seg', new Conv2d(channels, options.numClasses, 1));
  }

  forward(maps: readonly Tensor[]): Tensor {
    checkMaps(maps, this.inChannels, 'LinearDecodeHead');
    return scope(() => {
      const all =
        maps.length === 1
          ? maps[0]
          : cat(
              maps.map((map) => resizeLike(map, maps[0])),
              1,
            );
      return this.convSeg.forward(this.bn?.forward(all) ?? all);
    });
  }
}
