import { relu } from '../../ops/activation.js';
import { add } from '../../ops/elementwise.js';
import { maxPool2d } from '../../ops/max-pool2d.js';
import { pad } from '../../ops/pad.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { GroupNorm } from '../group-norm.js';
import * as init from '../init.js';
import { Module } from '../module.js';
import { ModuleList } from '../module-list.js';
import type { Grid } from '../resample.js';
import { StdConv2d, samePadding } from '../std-conv2d.js';

const GROUPS = 32;
const STEM_CHANNELS = 64;
const STAGE_CHANNELS = [256, 512, 1024, 2048];
/** How many stages there may be. */
export const MAX_STAGES = STAGE_CHANNELS.length;

/** The features that a stem of so many stages makes of an image: (height, width). */
export function featureSize([height, width]: Grid, stages: number): Grid {
  const halved = (size: number): number => {
    let left = size;
    // Convolution, pooling, and every stage but the first.
    for (let i = 0; i < 2 + Math.max(0, stages - 1); i++) left = Math.ceil(left / 2);
    return left;
  };
  return [halved(height), halved(width)];
}

const groupNorm = (channels: number): GroupNorm => new GroupNorm(GROUPS, channels);

/**
 * The convolution of 7 x 7 by 2 with which a ResNet begins, and the pooling by 2 after it: (N,C,H,W) to (N,64,H/4,W/4).
 * @see timm's `create_resnetv2_stem`
 */
export class StemConv extends Module {
  readonly outChannels = STEM_CHANNELS;
  readonly conv: StdConv2d;
  readonly norm: GroupNorm;

  constructor(inChannels: number) {
    super();
    this.conv = this.child('conv', new StdConv2d(inChannels, STEM_CHANNELS, 7, 2));
    this.norm = this.child('norm', groupNorm(STEM_CHANNELS));
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const y = relu(this.norm.forward(this.conv.forward(x)));
      const [top, bottom] = samePadding(y.shape[2], 3, 2); // (N,C,H,W)
      const [left, right] = samePadding(y.shape[3], 3, 2);
      return maxPool2d(pad(y, [top, bottom, left, right], Number.NEGATIVE_INFINITY), { kernelSize: 3, stride: 2 });
    });
  }
}

/** The shortcut of a stage's first block. */
export class Downsample extends Module {
  readonly conv: StdConv2d;
  readonly norm: GroupNorm;

  constructor(inChannels: number, outChannels: number, stride: number) {
    super();
    this.conv = this.child('conv', new StdConv2d(inChannels, outChannels, 1, stride));
    this.norm = this.child('norm', groupNorm(outChannels));
  }

  forward(x: Tensor): Tensor {
    return this.norm.forward(this.conv.forward(x));
  }
}

/**
 * A residual block of 1 x 1, 3 x 3 and 1 x 1 convolutions.
 * @see He et al. 2016
 * @see timm's `Bottleneck`
 */
export class Bottleneck extends Module {
  readonly downsample: Downsample | undefined;
  readonly conv1: StdConv2d;
  readonly norm1: GroupNorm;
  readonly conv2: StdConv2d;
  readonly norm2: GroupNorm;
  readonly conv3: StdConv2d;
  readonly norm3: GroupNorm;

  constructor(inChannels: number, outChannels: number, stride: number, first: boolean) {
    super();
    const inner = outChannels / 4;
    this.downsample = first ? this.child('downsample', new Downsample(inChannels, outChannels, stride)) : undefined;
    this.conv1 = this.child('conv1', new StdConv2d(inChannels, inner, 1));
    this.norm1 = this.child('norm1', groupNorm(inner));
    this.conv2 = this.child('conv2', new StdConv2d(inner, inner, 3, stride));
    this.norm2 = this.child('norm2', groupNorm(inner));
    this.conv3 = this.child('conv3', new StdConv2d(inner, outChannels, 1));
    this.norm3 = this.child('norm3', groupNorm(outChannels));
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const shortcut = this.downsample?.forward(x) ?? x;
      let y = relu(this.norm1.forward(this.conv1.forward(x)));
      y = relu(this.norm2.forward(this.conv2.forward(y)));
      y = this.norm3.forward(this.conv3.forward(y));
      return relu(add(y, shortcut));
    });
  }
}

/** Blocks of one width; the first may halve the image. */
export class Stage extends Module {
  readonly blocks: ModuleList<Bottleneck>;

  constructor(inChannels: number, outChannels: number, stride: number, depth: number) {
    super();
    const blocks = Array.from(
      { length: depth },
      (_, i) => new Bottleneck(i === 0 ? inChannels : outChannels, outChannels, i === 0 ? stride : 1, i === 0),
    );
    this.blocks = this.child('blocks', new ModuleList(blocks));
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      let y = x;
      for (const block of this.blocks) y = block.forward(y);
      return y;
    });
  }
}

/**
 * The ResNet in front of a hybrid ViT: weight-standardised convolutions and group norms, (N,C,H,W) to
 * (N,outChannels,H',W') of `featureSize`.
 * @see Dosovitskiy et al. 2021, section 3.1; Kolesnikov et al. 2020 (BiT)
 * @see timm's `ResNetV2` with `preact=False`, with its parameter names
 */
export class ResNetStem extends Module {
  readonly outChannels: number;
  readonly stem: StemConv;
  readonly stages: ModuleList<Stage>;

  /** @param layers blocks of each stage, one to four of them */
  constructor(inChannels: number, layers: readonly number[]) {
    super();
    this.stem = this.child('stem', new StemConv(inChannels));
    let channels = STEM_CHANNELS;
    const stages = layers.map((depth, i) => {
      const from = channels;
      channels = STAGE_CHANNELS[i];
      return new Stage(from, channels, i === 0 ? 1 : 2, depth);
    });
    this.outChannels = channels;
    this.stages = this.child('stages', new ModuleList(stages));
    this.#drawWeights();
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      let y = this.stem.forward(x);
      for (const stage of this.stages) y = stage.forward(y);
      return y;
    });
  }

  /**
   * Makes every block begin as its shortcut.
   * @see Goyal et al. 2017
   * @see timm's `zero_init_last`
   */
  zeroLastNorms(): void {
    for (const module of this.namedModules().values()) {
      if (module instanceof Bottleneck) init.zeros(module.norm3.weight);
    }
  }

  /** As timm's ResNetV2: He's normal numbers, by the number of outputs. */
  #drawWeights(): void {
    for (const module of this.namedModules().values()) {
      if (module instanceof StdConv2d) init.kaimingNormal(module.weight);
    }
  }
}
