import { checkInteger, checkPair, expected, type Pair } from '../../check.js';
import { checkOptions, type OptionNames, only } from '../../check-options.js';
import { checkTensor } from '../../ops/check-tensor.js';
import { zeros } from '../../ops/creation.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { Dropout } from '../dropout.js';
import {
  checkPyramid,
  type FeatureMapInfo,
  type FeaturePyramidOptions,
  indicesOf,
  type PyramidBackbone,
} from '../feature-pyramid.js';
import { checkPool, extract, type FeatureExtractor, type FeatureOptions, poolFeatures } from '../features.js';
import { Linear } from '../linear.js';
import { noteModelClass } from '../model-classes.js';
import type { Module } from '../module.js';
import { noteOwnCode } from '../own-code.js';
import { type ModelSummary, type SummaryOptions, summary } from '../summary.js';
import { ATTENTION_POOL_OPTIONS, AttentionPool } from './attention-pool.js';
import { checkOptionNames, resolveConfig, type ViTOptions } from './config.js';
import { normsPooled, ViTEncoder } from './encoder.js';
import {
  classify,
  classifyDistilled,
  type ForwardHeadOptions,
  type GlobalPool,
  pooledWidth,
  poolTokens,
  reclassified,
} from './head.js';
import { drawWeights } from './init.js';
import { makeNorm, type Norm } from './norm.js';
import { PreLogits } from './pre-logits.js';
import { configOf, modelNames } from './registry.js';

/** Options of `ViT.summary`. */
export interface ViTSummaryOptions extends SummaryOptions {
  /** Default 1. */
  batchSize?: number;
  /** (height, width). Default: the configuration's. */
  imgSize?: Pair;
}

// Of `featurePyramid`, as timm's `features_only` gives of a ViT.
const USUAL_MAPS = 3;

const SUMMARY_OPTIONS: OptionNames<ViTSummaryOptions> = { batchSize: true, imgSize: true, depth: true };

/**
 * Vision Transformer: patches to tokens, a class token in front, learned positions, a pre-norm encoder, and a linear
 * head on the class token.
 * @see Dosovitskiy et al. 2021
 * @see timm's `VisionTransformer`, with its parameter names
 * @example
 * const model = ViT.create('vit_tiny_patch16_224', { numClasses: 10 });
 * const logits = model.forward(images); // (N,3,224,224) to (N,10)
 */
export class ViT extends ViTEncoder implements FeatureExtractor, PyramidBackbone {
  /** Pools by attention; undefined with another `globalPool`. */
  readonly attnPool: AttentionPool | undefined;
  /** The final norm, where it comes after pooling; else that is `norm`. */
  readonly fcNorm: Norm | undefined;
  /** A layer before the head; undefined without `preLogits`. */
  readonly preLogits: PreLogits | undefined;
  /** Before the head. */
  readonly headDrop: Dropout;
  /** (D to numClasses); undefined without classes. */
  readonly head: Linear | undefined;
  /** (D to numClasses), of the distillation token; undefined without one. */
  readonly headDist: Linear | undefined;
  #countsAll = false;

  /** @throws TypeError for an option that is unknown or out of range */
  constructor(options: ViTOptions = {}) {
    super(resolveConfig(options));
    const { config } = this;
    const { numClasses } = config;
    const pooled = pooledWidth(config);
    this.attnPool =
      config.globalPool === 'map'
        ? this.child('attn_pool', new AttentionPool(only({ ...config }, ATTENTION_POOL_OPTIONS)))
        : undefined;
    this.fcNorm = config.finalNorm && normsPooled(config) ? this.child('fc_norm', makeNorm(pooled, config)) : undefined;
    const width = config.representationSize ?? pooled;
    this.preLogits =
      config.representationSize === undefined ? undefined : this.child('pre_logits', new PreLogits(pooled, width));
    this.headDrop = this.child('head_drop', new Dropout(config.dropRate));
    const head = (): Linear => new Linear(width, numClasses, { bias: config.headBias });
    this.head = numClasses > 0 ? this.child('head', head()) : undefined;
    this.headDist = numClasses > 0 && config.distilled ? this.child('head_dist', head()) : undefined;
    drawWeights(this, config.weightInit, numClasses);
    noteOwnCode(new.target === ViT ? this : undefined, this.namedModules());
  }

  /**
   * A model by its name, with overrides.
   *
   * @throws TypeError for a name that is none; `ViT.list()` tells them
   */
  static create(name: string, overrides: ViTOptions = {}): ViT {
    checkOptionNames(overrides);
    return new ViT({ ...configOf(name), ...overrides });
  }

  /** The names that `create` knows. */
  static list(): string[] {
    return modelNames();
  }

  /** @param images (N,C,H,W) @returns logits (N,classes), or features (N,D) without classes */
  forward(images: Tensor): Tensor {
    return scope(() => this.forwardHead(this.encoded(images, this.#tokensRead)));
  }

  /**
   * What the model knows of images without its classifier, in evaluation mode and without gradients: what its head would
   * read, or a pooling of your own, of one block or several.
   *
   * @param images (N,C,H,W)
   * @param options `pool`, `layers`, `normalize` and `grad`
   * @returns (N,D), (N,2D) with `'cls+mean'`, or all tokens (N,T,D) with `'none'`; D times as many as there are `layers`
   * @throws TypeError for a pooling by a class token that the model has not, and options that are unknown
   * @see timm's `forward_head(forward_features(x), pre_logits=True)`, and with `layers` its `forward_intermediates(norm=True)`
   * @see `pooler_output` and `last_hidden_state` of Hugging Face's models; DINO's `get_intermediate_layers`
   * @example
   * const features = model.features(images, { pool: 'cls', normalize: true }); // (N,D), lengths 1
   * const linear = model.features(images, { pool: 'cls', layers: 4 }); // (N,4D), as DINO evaluates
   */
  features(images: Tensor, options: FeatureOptions = {}): Tensor {
    return extract(this, options, (pool, layers) => {
      const facts = { prefix: this.numPrefixTokens, classToken: this.config.classToken };
      checkPool(pool, facts);
      const pooledNorm = this.fcNorm && ((x: Tensor) => this.fcNorm?.forward(x) ?? x);
      const read = pool === 'head' ? this.#tokensRead : pool === 'cls' ? 1 : undefined;
      const all =
        layers === undefined
          ? [this.encoded(images, read)]
          : this.intermediateLayers(images, layers, { norm: true, prefix: true });
      return all.map((tokens) =>
        pool === 'head'
          ? this.forwardHead(tokens, { preLogits: true })
          : poolFeatures(tokens, pool, { ...facts, pooledNorm }),
      );
    });
  }

  /**
   * What leaves some blocks, for detection and segmentation: maps (N,D,rows,columns), all of one size, in order of depth.
   *
   * @throws TypeError for a block that is none
   * @see timm's `forward_intermediates` and `features_only`
   * @example
   * const maps = model.featurePyramid(images, { outIndices: [2, 5, 8, 11] });
   */
  featurePyramid(images: Tensor, options: FeaturePyramidOptions = {}): Tensor[] {
    const { norm } = checkPyramid(options);
    const count = this.blocks.length;
    const taken = indicesOf(options.outIndices ?? Math.min(USUAL_MAPS, count), count, 'featurePyramid outIndices');
    return this.intermediateLayers(images, taken, { norm, reshape: true });
  }

  /**
   * Of each map of `featurePyramid`: the block, its channels, and how many times as large the image's sides are.
   *
   * @param outIndices as `featurePyramid` takes them
   * @see timm's `feature_info`
   */
  featureInfo(outIndices: number | readonly number[] = Math.min(USUAL_MAPS, this.blocks.length)): FeatureMapInfo[] {
    const { embedDim: channels, imgSize } = this.config;
    const size = checkPair(imgSize, 'ViT imgSize', 1);
    const reduction = Math.max(...size.map((length, axis) => Math.round(length / this.grid[axis as 0 | 1]))); // of two axes
    return indicesOf(outIndices, this.blocks.length, 'featureInfo outIndices').map((index) => ({
      index,
      channels,
      reduction,
    }));
  }

  /**
   * For distillation: what the class token's head says, to be trained on the labels, and what the distillation token's
   * says, to be trained on a teacher's answers. `forward` gives their mean.
   *
   * @param images (N,C,H,W) @returns two of (N,classes)
   * @throws TypeError unless the model is distilled
   * @see Touvron et al. 2021 (DeiT), section 4
   * @see timm's `set_distilled_training`
   */
  forwardDistilled(images: Tensor): [logits: Tensor, distilled: Tensor] {
    if (!this.config.distilled) throw expected('a model with distilled: true', 'forwardDistilled', this);
    return scope(() => classifyDistilled(this, this.encoded(images, this.#tokensRead)));
  }

  /**
   * @param tokens (N,T,D)
   * @param options `preLogits: true` stops before the classifier
   * @returns logits (N,classes), or features (N,D) without classes
   * @see timm's `forward_head`
   */
  forwardHead(tokens: Tensor, options: ForwardHeadOptions = {}): Tensor {
    checkTensor(tokens, 'ViT tokens', { shape: [null, null, this.config.embedDim] });
    return scope(() => classify(this, tokens, options));
  }

  /** Tokens (N,T,D) to features (N,D), by the model's own pooling unless told. @see timm's `pool` */
  pool(tokens: Tensor, globalPool: GlobalPool = this.config.globalPool): Tensor {
    checkTensor(tokens, 'ViT tokens', { shape: [null, null, this.config.embedDim] });
    return scope(() => poolTokens(this, tokens, globalPool));
  }

  /** The classifier, or both of a distilled model; undefined without classes. @see timm's `get_classifier` */
  getClassifier(): Linear | [Linear, Linear] | undefined {
    if (this.head === undefined || this.headDist === undefined) return this.head;
    return [this.head, this.headDist];
  }

  /**
   * Puts a new classifier in the old one's place, which is disposed; 0 classes make a model of features. An optimizer is
   * to be made anew.
   *
   * @param globalPool what the classifier reads. Default: as before. The final norm stays before or after it.
   * @throws TypeError for a pooling that needs parameters, or tokens, that the model has not
   * @see timm's `reset_classifier`
   */
  resetClassifier(numClasses: number, globalPool: GlobalPool = this.config.globalPool): this {
    const config = reclassified(this, numClasses, globalPool);
    const width = config.representationSize ?? pooledWidth(config);
    const fresh = (): Linear | undefined =>
      numClasses > 0 ? new Linear(width, numClasses, { bias: config.headBias }) : undefined;
    Object.assign(this, {
      config,
      attnPool: globalPool === 'map' ? this.attnPool : this.#replace('attn_pool', this.attnPool, undefined),
      head: this.#replace('head', this.head, fresh()),
      headDist: config.distilled ? this.#replace('head_dist', this.headDist, fresh()) : undefined,
    });
    return this;
  }

  #replace<M extends Module>(name: string, old: M | undefined, fresh: M | undefined): M | undefined {
    if (old !== undefined) this.unregister(name);
    old?.dispose();
    return fresh && this.child(name, fresh);
  }

  /**
   * Every module with its output's shape, parameters and multiply-adds, and their totals, on images of zeros.
   *
   * @param options batch size and (height, width), by default 1 and the configuration's; `depth` of the rows, default 3
   * @see torchinfo's `summary`
   * @example
   * console.log(String(model.summary()));
   */
  summary(options: ViTSummaryOptions = {}): ModelSummary {
    checkOptions(options, SUMMARY_OPTIONS, 'ViT.summary');
    const { batchSize = 1, imgSize = this.config.imgSize, depth = 3 } = options;
    const [height, width] = checkPair(imgSize, 'summary imgSize', 1);
    const before = this.#countsAll;
    this.#countsAll = true; // as others count: `forward` itself leaves out what no head reads
    try {
      return scope(() =>
        summary(
          this,
          zeros([checkInteger(batchSize, 'ViT.summary batchSize', 1), this.config.inChans, height, width]),
          { depth },
        ),
      );
    } finally {
      this.#countsAll = before;
    }
  }

  /** How many tokens, from the first, the head reads; undefined for all. */
  get #tokensRead(): number | undefined {
    if (this.#countsAll) return undefined;
    if (this.config.distilled) return 2;
    return this.config.globalPool === 'token' ? 1 : undefined;
  }
}

noteModelClass(ViT);
