import { checkBoolean, checkInteger, checkOneOf, checkPair, type Pair } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { patchEmbed } from '../ops/conv2d.js';
import { add } from '../ops/elementwise.js';
import { matmul } from '../ops/matmul.js';
import { pad } from '../ops/pad.js';
import { reshape } from '../ops/reshape.js';
import { unfold } from '../ops/unfold.js';
import { scope } from '../scope.js';
import { empty, type Tensor } from '../tensor.js';
import * as init from './init.js';
import { Module } from './module.js';

/** How patches become embeddings: two routes to the same numbers. */
export type PatchRoute = 'unfold' | 'conv';

/** Options of `PatchEmbed`. */
export interface PatchEmbedOptions {
  /** Side of a patch in pixels, or a (height, width) pair. */
  patchSize: Pair;
  /** Channels of the image. */
  inChans: number;
  /** Width of a token. */
  embedDim: number;
  /** Whether there is a bias. Default true. */
  bias?: boolean;
  /** Default `'conv'`. */
  route?: PatchRoute;
  /** Whether images are padded with zeros, below and to the right, to whole patches. Default false. */
  dynamicImgPad?: boolean;
}

/** @internal */
export const PATCH_EMBED_OPTIONS: OptionNames<PatchEmbedOptions> = {
  patchSize: true,
  inChans: true,
  embedDim: true,
  bias: true,
  route: true,
  dynamicImgPad: true,
};

/** The weight and the bias of a `PatchEmbed`, laid out as a convolution's. */
export class Projection extends Module {
  /** (D,C,kh,kw) */
  readonly weight: Tensor;
  /** (D); undefined without a bias. */
  readonly bias: Tensor | undefined;

  constructor(channels: number, width: number, [kh, kw]: readonly [number, number], bias: boolean) {
    super();
    this.weight = this.parameter('weight', () => init.defaultUniform(empty([width, channels, kh, kw])));
    this.bias = bias
      ? this.parameter('bias', () => init.defaultUniform(empty([width]), channels * kh * kw))
      : undefined;
  }
}

/**
 * An image cut into patches, each projected to a token: (N,C,H,W) to (N,L,D). One weight serves both routes.
 *
 * @throws TypeError unless the sizes are whole numbers of at least 1
 * @see Dosovitskiy et al. 2021, section 3.1
 * @see timm's `PatchEmbed`, with its parameter names
 */
export class PatchEmbed extends Module {
  /** Height and width of a patch, in pixels. */
  readonly patchSize: readonly [number, number];
  /** How it is computed. */
  readonly route: PatchRoute;
  /** Weight and bias, as a convolution's. */
  readonly proj: Projection;
  readonly #pads: boolean;

  constructor(options: PatchEmbedOptions) {
    super();
    checkOptions(options, PATCH_EMBED_OPTIONS, 'PatchEmbed');
    this.patchSize = checkPair(options?.patchSize, 'PatchEmbed patchSize', 1);
    this.route = checkOneOf(options.route ?? 'conv', 'PatchEmbed route', ['unfold', 'conv']);
    this.#pads = checkBoolean(options.dynamicImgPad ?? false, 'PatchEmbed dynamicImgPad');
    const channels = checkInteger(options.inChans, 'PatchEmbed inChans', 1);
    const width = checkInteger(options.embedDim, 'PatchEmbed embedDim', 1);
    const bias = checkBoolean(options.bias ?? true, 'PatchEmbed bias');
    this.proj = this.child('proj', new Projection(channels, width, this.patchSize, bias));
  }

  /** @param image (N,C,H,W) @returns (N,L,D), patches in row-major order */
  forward(image: Tensor): Tensor {
    const { weight, bias } = this.proj;
    return scope(() => {
      const whole = this.#pads ? this.#pad(image) : image;
      if (this.route === 'conv') return patchEmbed(whole, weight, bias);
      const columns = unfold(whole, { kernelSize: this.patchSize, stride: this.patchSize }); // (N,C*kh*kw,L)
      const flat = reshape(weight, [weight.shape[0], -1]); // (D,C*kh*kw)
      const tokens = matmul(columns, flat, { transposeA: true, transposeB: true }); // (N,L,D)
      return bias === undefined ? tokens : add(tokens, bias);
    });
  }

  #pad(image: Tensor): Tensor {
    const [height, width] = image.shape.slice(2) as [number, number]; // (N,C,H,W)
    const missing = (size: number, patch: number): number => Math.ceil(size / patch) * patch - size;
    const [bottom, right] = [missing(height, this.patchSize[0]), missing(width, this.patchSize[1])];
    return bottom === 0 && right === 0 ? image : pad(image, [0, bottom, 0, right]);
  }
}
