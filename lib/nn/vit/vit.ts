import { noGrad } from '../../autograd.js';
import { checkBoolean, checkInteger, checkPair, expected, type Pair } from '../../check.js';
import { checkOptions, type OptionNames, only } from '../../check-options.js';
import { cat } from '../../ops/cat.js';
import { checkTensor } from '../../ops/check-tensor.js';
import { checkpoint } from '../../ops/checkpoint.js';
import { zeros } from '../../ops/creation.js';
import { add, mul } from '../../ops/elementwise.js';
import { tile } from '../../ops/tile.js';
import { scope, untracked } from '../../scope.js';
import { empty, type Tensor } from '../../tensor.js';
import { Dropout } from '../dropout.js';
import * as init from '../init.js';
import { LayerNorm } from '../layer-norm.js';
import { Linear } from '../linear.js';
import { Module } from '../module.js';
import { ModuleList } from '../module-list.js';
import { noteOwnCode } from '../own-code.js';
import { PatchEmbed } from '../patch-embed.js';
import type { Grid } from '../resample.js';
import { type ModelSummary, type SummaryOptions, summary } from '../summary.js';
import { ATTENTION_POOL_OPTIONS, AttentionPool } from './attention-pool.js';
import { rollOut } from './attention-rollout.js';
import { BLOCK_OPTIONS, Block } from './block.js';
import { checkOptionNames, resolveConfig, type ViTConfig, type ViTOptions } from './config.js';
import { gridOf } from './grid.js';
import { HybridEmbed } from './hybrid-embed.js';
import { drawWeights } from './init.js';
import { checkIntermediate, type IntermediateOptions, layerIndices, separate } from './intermediate.js';
import { pool, tokenAt } from './pool.js';
import { Positions } from './positions.js';
import { PreLogits } from './pre-logits.js';
import { configOf, modelNames } from './registry.js';

/** Options of `ViT.summary`. */
export interface ViTSummaryOptions extends SummaryOptions {
  /** Default 1. */
  batchSize?: number;
  /** (height, width). Default: the configuration's. */
  imgSize?: Pair;
}

const SUMMARY_OPTIONS: OptionNames<ViTSummaryOptions> = { batchSize: true, imgSize: true, depth: true };

/** Sees what leaves a block. */
type Visit = (block: number, y: Tensor) => void;

/**
 * Vision Transformer: patches to tokens, a class token in front, learned positions, a pre-norm encoder, and a linear
 * head on the class token.
 *
 * Source: Dosovitskiy et al. 2021. Counterpart: timm's `VisionTransformer`, with its parameter names.
 * @example
 * const model = ViT.create('vit_tiny_patch16_224', { numClasses: 10 });
 * const logits = model.forward(images); // (N,3,224,224) to (N,10)
 */
export class ViT extends Module {
  readonly config: Readonly<ViTConfig>;
  /** Patches along (height, width) of an image of the configuration's size. */
  readonly grid: Grid;
  readonly patchEmbed: PatchEmbed;
  readonly clsToken: Tensor | undefined; // (1,1,D)
  readonly distToken: Tensor | undefined; // (1,1,D)
  readonly regToken: Tensor | undefined; // (1,R,D)
  readonly blocks: ModuleList<Block>;
  readonly head: Linear | undefined;
  readonly headDist: Linear | undefined;
  readonly #positions: Positions;
  readonly #posDrop: Dropout;
  readonly #normPre: LayerNorm | undefined;
  readonly #norm: LayerNorm | undefined;
  readonly #attnPool: AttentionPool | undefined;
  readonly #fcNorm: LayerNorm | undefined;
  readonly #preLogits: PreLogits | undefined;
  readonly #headDrop: Dropout;
  #checkpointing = false;
  #countsAll = false;

  /** @throws TypeError for an option that is unknown or out of range */
  constructor(options: ViTOptions = {}) {
    super();
    const config = resolveConfig(options);
    this.config = config;
    const { embedDim, depth, numClasses, resnetLayers } = config;
    this.grid = gridOf(config, checkPair(config.imgSize, 'ViT imgSize', 1), 'ViT imgSize');

    const token = (count: number, std: number) => () => init.normal(empty([1, count, embedDim]), 0, std);
    this.clsToken = config.classToken ? this.parameter('cls_token', token(1, 1e-6)) : undefined;
    this.distToken = config.distilled ? this.parameter('dist_token', token(1, 0.02)) : undefined;
    this.regToken = config.regTokens > 0 ? this.parameter('reg_token', token(config.regTokens, 1e-6)) : undefined;
    this.#positions = new Positions(config, { dim: embedDim, grid: this.grid, prefix: this.numPrefixTokens });
    for (const [name, module] of this.#positions.modules) this.child(name, module);

    const { patchSize, inChans, dynamicImgPad } = config;
    const patches = { patchSize, inChans, embedDim, dynamicImgPad, route: config.patchEmbed, bias: !config.preNorm };
    const embed = resnetLayers === undefined ? new PatchEmbed(patches) : new HybridEmbed({ ...patches, resnetLayers });
    this.patchEmbed = this.child('patch_embed', embed);
    this.#posDrop = this.child('pos_drop', new Dropout(config.posDropRate));
    const norm = (): LayerNorm => new LayerNorm(embedDim, { eps: config.normEps });
    this.#normPre = config.preNorm ? this.child('norm_pre', norm()) : undefined;
    const blocks = Array.from({ length: depth }, (_, i) => {
      const dropPathRate = depth === 1 ? 0 : (config.dropPathRate * i) / (depth - 1);
      return new Block(only({ ...config, dim: embedDim, dropPathRate }, BLOCK_OPTIONS));
    });
    this.blocks = this.child('blocks', new ModuleList(blocks));

    const useFcNorm = config.fcNorm ?? ['avg', 'avgmax', 'max'].includes(config.globalPool);
    this.#norm = config.finalNorm && !useFcNorm ? this.child('norm', norm()) : undefined;
    this.#attnPool =
      config.globalPool === 'map'
        ? this.child('attn_pool', new AttentionPool(only({ ...config }, ATTENTION_POOL_OPTIONS)))
        : undefined;
    this.#fcNorm = config.finalNorm && useFcNorm ? this.child('fc_norm', norm()) : undefined;
    const width = config.representationSize ?? embedDim;
    this.#preLogits =
      config.representationSize === undefined ? undefined : this.child('pre_logits', new PreLogits(embedDim, width));
    this.#headDrop = this.child('head_drop', new Dropout(config.dropRate));
    const head = (): Linear => new Linear(width, numClasses);
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

  /** Number of tokens in front of the patches: class, distillation and register tokens. */
  get numPrefixTokens(): number {
    return (this.config.classToken ? 1 : 0) + (this.config.distilled ? 1 : 0) + this.config.regTokens;
  }

  /** The learned positions (1,T,D), where there are such. */
  get posEmbed(): Tensor | undefined {
    return this.#positions.table;
  }

  /** @param images (N,C,H,W) @returns logits (N,classes), or features (N,D) without classes */
  forward(images: Tensor): Tensor {
    return scope(() => this.forwardHead(this.#features(images, this.#tokensRead)));
  }

  /**
   * For distillation: what the class token's head says, to be trained on the labels, and what the distillation token's
   * says, to be trained on a teacher's answers. `forward` gives their mean.
   *
   * @param images (N,C,H,W) @returns two of (N,classes)
   * @throws TypeError unless the model is distilled
   * Source: Touvron et al. 2021 (DeiT), section 4. Counterpart: timm's `set_distilled_training`.
   */
  forwardDistilled(images: Tensor): [logits: Tensor, distilled: Tensor] {
    if (!this.config.distilled) throw expected('a model with distilled: true', 'forwardDistilled', this);
    return scope(() => this.#distilledHeads(this.#features(images, this.#tokensRead)));
  }

  /** @param images (N,C,H,W) @returns the encoder's tokens (N,T,D), normed unless the norm comes after pooling */
  forwardFeatures(images: Tensor): Tensor {
    return this.#features(images);
  }

  /** @param tokens (N,T,D) @returns logits (N,classes), or features (N,D) without classes */
  forwardHead(tokens: Tensor): Tensor {
    checkTensor(tokens, 'ViT tokens', { shape: [null, null, this.config.embedDim] });
    return scope(() => {
      if (this.config.distilled) {
        const [a, b] = this.#distilledHeads(tokens);
        return mul(add(a, b), 0.5);
      }
      const pooled = this.#pool(tokens);
      const normed = this.#fcNorm?.forward(pooled) ?? pooled;
      const x = this.#headDrop.forward(this.#preLogits?.forward(normed) ?? normed);
      return this.head?.forward(x) ?? x;
    });
  }

  /**
   * What leaves the last `n` blocks, or the blocks of the given numbers (from 0; negative from the end), in order of
   * depth: the patches' tokens (N,L,D).
   *
   * @param options `norm` applies the final norm, `reshape` gives (N,D,rows,columns), `prefix` keeps all tokens (N,T,D)
   * @throws TypeError for a block that is none
   * Source: Caron et al. 2021 (DINO). Counterpart: timm's `get_intermediate_layers`.
   */
  intermediateLayers(images: Tensor, n: number | readonly number[] = 1, options: IntermediateOptions = {}): Tensor[] {
    checkIntermediate(options);
    const taken = layerIndices(n, this.blocks.length);
    return scope(() => {
      const outputs: Tensor[] = [];
      const visit: Visit = (i, y) => {
        if (taken.has(i)) outputs.push(y);
      };
      this.#encode(images, { visit });
      const grid = this.#gridOf(images);
      return outputs.map((x) => {
        const normed = options.norm === true ? (this.#norm?.forward(x) ?? x) : x;
        return separate(normed, this.numPrefixTokens, grid, options);
      });
    });
  }

  /**
   * The attention weights of every block on the given images, (N,H,T,T) each; computed without gradients.
   *
   * @param images (N,C,H,W)
   */
  attentionMaps(images: Tensor): Tensor[] {
    const maps: Tensor[] = [];
    // They are to outlive the scopes of the forward pass.
    const hooks = [...this.blocks].map((block) =>
      block.registerForwardPreHook((_, [x, relative]) => {
        maps.push(untracked(() => block.attentionWeights(x, relative)));
      }),
    );
    try {
      noGrad(() => scope(() => void this.#encode(images)));
      return maps.map((map) => map.alias());
    } finally {
      for (const hook of hooks) hook.remove();
      for (const map of maps) map.dispose();
    }
  }

  /**
   * How much each token of the last layer draws on each token of the input, (N,T,T), rows summing to 1: the blocks'
   * attention, averaged over heads, multiplied up with the residual path. Computed without gradients.
   *
   * @param images (N,C,H,W)
   * Source: Abnar and Zuidema 2020; Dosovitskiy et al. 2021, appendix D.8.
   */
  attentionRollout(images: Tensor): Tensor {
    return noGrad(() => scope(() => rollOut(this.attentionMaps(images))));
  }

  /**
   * Every module with its output's shape, parameters and multiply-adds, and their totals, on images of zeros.
   *
   * @param options batch size and (height, width), by default 1 and the configuration's; `depth` of the rows, default 3
   * Counterpart: torchinfo's `summary`.
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

  /**
   * Whether training keeps only what goes into each block and computes the block again in backward: memory for a
   * forward pass more. Counterpart: timm's `set_grad_checkpointing`.
   */
  setGradCheckpointing(on = true): this {
    this.#checkpointing = checkBoolean(on, 'setGradCheckpointing');
    this.revision++;
    return this;
  }

  /** How many tokens, from the first, the head reads; undefined for all. */
  get #tokensRead(): number | undefined {
    if (this.#countsAll) return undefined;
    if (this.config.distilled) return 2;
    return this.config.globalPool === 'token' ? 1 : undefined;
  }

  /** The encoder's tokens, normed: all, or the first `outputs`. */
  #features(images: Tensor, outputs?: number): Tensor {
    return scope(() => {
      const x = this.#encode(images, { outputs });
      return this.#norm?.forward(x) ?? x;
    });
  }

  /** Images to what leaves the last block: all tokens, or the first `outputs`, which saves most of that block. */
  #encode(images: Tensor, { outputs, visit }: { outputs?: number | undefined; visit?: Visit } = {}): Tensor {
    const grid = this.#gridOf(images);
    let x = this.#embed(images, grid);
    for (const [i, block] of [...this.blocks].entries()) {
      const input = this.#positions.before(i, x, grid);
      const wanted = i === this.blocks.length - 1 ? outputs : undefined;
      const run = (tokens: Tensor): Tensor => block.forward(tokens, this.#positions.inAttention(i), wanted);
      x = this.#checkpointing && this.training ? checkpoint(run, input) : run(input);
      visit?.(i, x);
    }
    return x;
  }

  /** Images to tokens: prefix tokens, patches and positions. */
  #embed(images: Tensor, grid: Grid): Tensor {
    const patches = this.patchEmbed.forward(images); // (N,L,D)
    const batch = patches.shape[0];
    const tokens = [this.clsToken, this.distToken, this.regToken].filter((token) => token !== undefined);
    const prefix = tokens.map((token) => tile(token, [batch, 1, 1]));
    const x = prefix.length === 0 ? patches : cat([...prefix, patches], 1);
    const dropped = this.#posDrop.forward(this.#positions.atStem(x, grid));
    return this.#normPre?.forward(dropped) ?? dropped;
  }

  /** The grid of patches of the given images, once they are checked. */
  #gridOf(images: Tensor): Grid {
    const { imgSize, inChans, dynamicImgSize } = this.config;
    checkTensor(images, 'ViT images', { shape: [null, inChans, null, null] });
    const size = images.shape.slice(2) as [number, number];
    const [height, width] = checkPair(imgSize, 'ViT imgSize', 1);
    if (!dynamicImgSize && (size[0] !== height || size[1] !== width)) {
      const advice = 'Resize the images, or build the model with dynamicImgSize: true.';
      throw expected(`a tensor of shape (*,${inChans},${height},${width})`, 'ViT images', images, advice);
    }
    return gridOf(this.config, size, 'ViT images');
  }

  #pool(tokens: Tensor): Tensor {
    const { globalPool } = this.config;
    if (globalPool !== 'map') return pool(tokens, globalPool, this.numPrefixTokens);
    const pooling = this.#attnPool as AttentionPool; // there with 'map'
    return pooling.forward(separate(tokens, this.numPrefixTokens, this.grid));
  }

  #distilledHeads(tokens: Tensor): [Tensor, Tensor] {
    const read = (i: number, head: Linear | undefined): Tensor => {
      const token = tokenAt(tokens, i);
      const x = this.#headDrop.forward(this.#fcNorm?.forward(token) ?? token);
      return head?.forward(x) ?? x;
    };
    return [read(0, this.head), read(1, this.headDist)];
  }
}
