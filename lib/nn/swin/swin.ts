import { checkInteger, checkOneOf, checkPair, expected } from '../../check.js';
import { checkTensor } from '../../ops/check-tensor.js';
import { checkpoint } from '../../ops/checkpoint.js';
import { reshape } from '../../ops/reshape.js';
import { permute } from '../../ops/transpose.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { checkpointedBlocks } from '../checkpointed-blocks.js';
import {
  checkPyramid,
  type FeatureMapInfo,
  type FeaturePyramidOptions,
  indicesOf,
  type PyramidBackbone,
} from '../feature-pyramid.js';
import { checkPool, extract, type FeatureExtractor, type FeatureOptions, poolFeatures } from '../features.js';
import * as init from '../init.js';
import { LayerNorm } from '../layer-norm.js';
import { Linear } from '../linear.js';
import { noteModelClass } from '../model-classes.js';
import { Module } from '../module.js';
import { ModuleList } from '../module-list.js';
import { noteOwnCode } from '../own-code.js';
import type { Grid } from '../resample.js';
import { fromStream } from '../residual-stream.js';
import { SwinBlock } from './block.js';
import { checkSwinOptions, resolveSwin, type SwinConfig, type SwinOptions } from './config.js';
import { SwinHead, tokensOf } from './head.js';
import { swinConfigOf, swinNames } from './registry.js';
import { NormedPatchEmbed, SwinStage } from './stage.js';

/**
 * Swin Transformer, version 1 or 2: attention within windows that are shifted from block to block, in stages of half the
 * size and twice the width.
 * @see Liu et al. 2021 (Swin Transformer); Liu et al. 2022 (Swin Transformer V2)
 * @see timm's `SwinTransformer` and `SwinTransformerV2`, with their parameter names
 * @example
 * const model = nn.Swin.create('swin_tiny_patch4_window7_224', { numClasses: 10 });
 * const logits = model.forward(images); // (N,3,224,224) to (N,10)
 */
export class Swin extends Module implements FeatureExtractor, PyramidBackbone {
  /** All that the model was built from. */
  readonly config: Readonly<SwinConfig>;
  /** Makes tokens of patches. */
  readonly patchEmbed: NormedPatchEmbed;
  /** The stages, first to last. */
  readonly layers: ModuleList<SwinStage>;
  /** The final norm. */
  readonly norm: LayerNorm;
  /** The classifier. */
  readonly head: SwinHead;
  #checkpointed = 0;

  /** @throws TypeError for an option that is unknown or out of range */
  constructor(options: SwinOptions = {}) {
    super();
    const config = resolveSwin(options);
    this.config = config;
    this.patchEmbed = this.child('patch_embed', new NormedPatchEmbed(config));
    const { depths, dropPathRate, embedDim, normEps } = config;
    const blocks = depths.reduce((sum, depth) => sum + depth, 0);
    let [first, grid] = [0, this.grid];
    const stages = depths.map((depth, i) => {
      const rates = Array.from({ length: depth }, (_, j) =>
        blocks === 1 ? 0 : (dropPathRate * (first + j)) / (blocks - 1),
      );
      first += depth;
      if (i > 0) grid = [Math.ceil(grid[0] / 2), Math.ceil(grid[1] / 2)];
      return new SwinStage(config, i, rates, grid);
    });
    this.layers = this.child('layers', new ModuleList(stages));
    const width = embedDim * 2 ** (depths.length - 1);
    this.norm = this.child('norm', new LayerNorm(width, { eps: normEps }));
    this.head = this.child('head', new SwinHead(width, config));
    this.#drawWeights();
    noteOwnCode(new.target === Swin ? this : undefined, this.namedModules());
  }

  /**
   * A model by its name, with overrides.
   *
   * @throws TypeError for a name that is none; `Swin.list()` tells them
   */
  static create(name: string, overrides: SwinOptions = {}): Swin {
    checkSwinOptions(overrides);
    return new Swin({ ...swinConfigOf(name), ...overrides });
  }

  /** The names that `create` knows. */
  static list(): string[] {
    return swinNames();
  }

  /** Patches along (height, width). */
  get grid(): Grid {
    const [image, patch] = [this.config.imgSize, this.config.patchSize].map((size) =>
      checkPair(size, 'Swin size', 1),
    ) as [Grid, Grid]; // one each
    return [image[0] / patch[0], image[1] / patch[1]];
  }

  /** @param images (N,C,H,W) @returns logits (N,classes), or features without classes */
  forward(images: Tensor): Tensor {
    return scope(() => this.head.forward(this.forwardFeatures(images)));
  }

  /** @param images (N,C,H,W) @returns the last stage's tokens, normed (N,H/32,W/32,8D) @see timm's `forward_features` */
  forwardFeatures(images: Tensor): Tensor {
    return scope(() => this.norm.forward(this.#encode(images)));
  }

  /**
   * What leaves the stages, in order of depth, for detection and segmentation: (N,D,H/4,W/4), (N,2D,H/8,W/8) and so on.
   *
   * @throws TypeError for a stage that is none
   * @see timm's `forward_intermediates` and `features_only`
   */
  featurePyramid(images: Tensor, options: FeaturePyramidOptions = {}): Tensor[] {
    const count = this.layers.length;
    const { norm } = checkPyramid(options);
    const taken = indicesOf(options.outIndices ?? count, count, 'featurePyramid outIndices');
    return scope(() => {
      const maps: Tensor[] = [];
      this.#encode(images, (i, x) => {
        if (!taken.includes(i)) return;
        maps.push(permute(norm && i === count - 1 ? this.norm.forward(x) : fromStream(x), [0, 3, 1, 2]));
      });
      return maps;
    });
  }

  /**
   * Of each map of `featurePyramid`: the stage, its channels, and how many times as large the image's sides are.
   *
   * @param outIndices as `featurePyramid` takes them
   * @see timm's `feature_info`
   */
  featureInfo(outIndices: number | readonly number[] = this.layers.length): FeatureMapInfo[] {
    const { embedDim, patchSize, depths } = this.config;
    const patch = Math.max(...checkPair(patchSize, 'Swin patchSize', 1));
    const taken = indicesOf(outIndices, depths.length, 'featureInfo outIndices');
    return taken.map((index) => ({ index, channels: embedDim * 2 ** index, reduction: patch * 2 ** index }));
  }

  /**
   * What the model knows of images without its classifier, in evaluation mode and without gradients: the mean of the last
   * stage's tokens, normed, or a pooling of your own, of one stage or several. There is no norm but the last stage's.
   *
   * @param images (N,C,H,W)
   * @param options `pool`, `layers` (stages), `normalize` and `grad`
   * @returns (N,8D), or all tokens (N,T,8D) with `'none'`; with `layers`, the stages' widths one behind the other
   * @throws TypeError for a pooling by a class token, tokens of several stages, and options that are unknown
   * @see timm's `forward_head(forward_features(x), pre_logits=True)`
   * @see `pooler_output` and `last_hidden_state` of Hugging Face's models
   */
  features(images: Tensor, options: FeatureOptions = {}): Tensor {
    return extract(this, options, (pool, layers) => {
      checkPool(pool, { classToken: false });
      const count = this.layers.length;
      const wanted = indicesOf(layers ?? 1, count, 'features layers');
      const keepsTokens = pool === 'none' || (pool === 'head' && this.config.globalPool === '');
      if (keepsTokens && wanted.length > 1) {
        throw expected('a pooling of several stages', 'features pool', pool, 'They have different numbers of tokens.');
      }
      const all: Tensor[] = [];
      this.#encode(images, (i, x) => {
        if (!wanted.includes(i)) return;
        const normed = i === count - 1 ? this.norm.forward(x) : fromStream(x);
        if (keepsTokens) all.push(tokensOf(normed));
        else if (pool === 'head') all.push(this.head.forward(normed, true));
        else all.push(poolFeatures(tokensOf(normed), pool, { prefix: 0, classToken: false }));
      });
      return all;
    });
  }

  /** The classifier; undefined without classes. @see timm's `get_classifier` */
  getClassifier(): Linear | undefined {
    return this.head.fc;
  }

  /**
   * Puts a new classifier in the old one's place, which is disposed; 0 classes make a model of features. An optimizer is
   * to be made anew.
   *
   * @param globalPool what the classifier reads. Default: as before.
   * @see timm's `reset_classifier`
   */
  resetClassifier(numClasses: number, globalPool: SwinConfig['globalPool'] = this.config.globalPool): this {
    checkInteger(numClasses, 'resetClassifier numClasses');
    checkOneOf(globalPool, 'resetClassifier globalPool', ['avg', '']);
    const config = Object.freeze({ ...this.config, numClasses, globalPool });
    const old = this.head;
    this.unregister('head');
    old.dispose();
    const width = this.norm.weight.size;
    Object.assign(this, { config, head: this.child('head', new SwinHead(width, config)) });
    return this;
  }

  /** Whether training keeps only what goes into each block, or so many blocks from the first, and computes it again. @see `ViT.setGradCheckpointing` */
  setGradCheckpointing(on: boolean | number = true): this {
    const blocks = this.config.depths.reduce((sum, depth) => sum + depth, 0);
    this.#checkpointed = checkpointedBlocks(on, blocks);
    this.revision++;
    return this;
  }

  /** Images to the last stage's tokens (N,H,W,C); `visit` sees what leaves each stage. */
  #encode(images: Tensor, visit?: (stage: number, x: Tensor) => void): Tensor {
    const { imgSize, inChans } = this.config;
    const [height, width] = checkPair(imgSize, 'Swin imgSize', 1);
    checkTensor(images, 'Swin images', { shape: [null, inChans, height, width] });
    const patches = this.patchEmbed.forward(images);
    let passed = 0; // blocks
    let x = reshape(patches, [images.shape[0], ...this.grid, this.config.embedDim]);
    for (const [i, stage] of [...this.layers].entries()) {
      x = stage.downsample?.forward(x) ?? x;
      for (const block of stage.blocks) {
        const run = (tokens: Tensor): Tensor => block.forward(tokens);
        x = this.training && passed++ < this.#checkpointed ? checkpoint(run, x) : run(x);
      }
      visit?.(i, x);
    }
    return x;
  }

  /** As timm: linear layers from a truncated normal of deviation 0.02; branches of version 2 begin as nothing. */
  #drawWeights(): void {
    for (const module of this.namedModules().values()) {
      if (module instanceof SwinBlock && module.version === 2)
        for (const norm of [module.norm1, module.norm2]) init.zeros(norm.weight);
      if (!(module instanceof Linear)) continue;
      init.truncatedNormal(module.weight, 0, 0.02);
      if (module.bias !== undefined) init.zeros(module.bias);
    }
  }
}

noteModelClass(Swin);
