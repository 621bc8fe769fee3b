import { noGrad } from '../../autograd.js';
import { checkPair, expected } from '../../check.js';
import { only } from '../../check-options.js';
import { cat } from '../../ops/cat.js';
import { checkTensor } from '../../ops/check-tensor.js';
import { checkpoint } from '../../ops/checkpoint.js';
import { tile } from '../../ops/tile.js';
import { scope, untracked } from '../../scope.js';
import { empty, type Tensor } from '../../tensor.js';
import { checkpointedBlocks } from '../checkpointed-blocks.js';
import { Dropout } from '../dropout.js';
import { indicesOf } from '../feature-pyramid.js';
import * as init from '../init.js';
import { Module } from '../module.js';
import { ModuleList } from '../module-list.js';
import { PatchEmbed } from '../patch-embed.js';
import type { Grid } from '../resample.js';
import { fromStream, toStream } from '../residual-stream.js';
import { rollOut } from './attention-rollout.js';
import { BLOCK_OPTIONS, Block } from './block.js';
import type { ViTConfig } from './config.js';
import { gridOf } from './grid.js';
import { HybridEmbed } from './hybrid-embed.js';
import { checkIntermediate, type IntermediateOptions, separate } from './intermediate.js';
import { checkMask, type ForwardFeaturesOptions, MaskToken } from './mask-token.js';
import { makeNorm, type Norm } from './norm.js';
import { Positions } from './positions.js';

/** Whether the final norm of a model comes after pooling. */
export function normsPooled({ fcNorm, globalPool }: ViTConfig): boolean {
  return fcNorm ?? ['avg', 'avgmax', 'max'].includes(globalPool);
}

/** Sees what leaves a block. */
type Visit = (block: number, y: Tensor) => void;

/** What is wanted of the encoder. */
interface Encoding {
  /** Tokens, from the first. Default: all. */
  outputs?: number | undefined;
  visit?: Visit;
  /** Of patches to be replaced, (N,L). */
  mask?: Tensor | undefined;
}

/**
 * What of a ViT turns images into tokens: patches, a class token in front, learned positions, a pre-norm encoder.
 * @see Dosovitskiy et al. 2021
 */
export abstract class ViTEncoder extends Module {
  /** All that the model was built from. */
  readonly config: Readonly<ViTConfig>;
  /** Patches along (height, width) of an image of the configuration's size. */
  readonly grid: Grid;
  /** Makes tokens of patches. */
  readonly patchEmbed: PatchEmbed;
  /** (1,1,D); undefined without `classToken`. */
  readonly clsToken: Tensor | undefined;
  /** (1,1,D), DeiT's; undefined without `distToken`. */
  readonly distToken: Tensor | undefined;
  /** (1,R,D); undefined without `regTokens`. */
  readonly regToken: Tensor | undefined;
  /** Drops whole numbers of the tokens, after the positions are added. */
  readonly posDrop: Dropout;
  /** Before the first block; undefined without `preNorm`. */
  readonly normPre: Norm | undefined;
  /** The encoder's blocks, first to last. */
  readonly blocks: ModuleList<Block>;
  /** The final norm, where it comes before pooling. */
  readonly norm: Norm | undefined;
  readonly #positions: Positions;
  readonly #maskToken: MaskToken | undefined;
  #checkpointed = 0;

  constructor(config: Readonly<ViTConfig>) {
    super();
    this.config = config;
    const { embedDim, depth, resnetLayers } = config;
    this.grid = gridOf(config, checkPair(config.imgSize, 'ViT imgSize', 1), 'ViT imgSize');

    const token = (count: number, std: number) => () => init.normal(empty([1, count, embedDim]), 0, std);
    this.clsToken = config.classToken ? this.parameter('cls_token', token(1, 1e-6)) : undefined;
    this.distToken = config.distilled ? this.parameter('dist_token', token(1, 0.02)) : undefined;
    this.regToken = config.regTokens > 0 ? this.parameter('reg_token', token(config.regTokens, 1e-6)) : undefined;
    this.#maskToken = config.maskToken ? this.child('mask_token', new MaskToken(embedDim)) : undefined;
    this.#positions = new Positions(config, { dim: embedDim, grid: this.grid, prefix: this.numPrefixTokens });
    for (const [name, module] of this.#positions.modules) this.child(name, module);

    const { patchSize, inChans, dynamicImgPad } = config;
    const patches = { patchSize, inChans, embedDim, dynamicImgPad, route: config.patchEmbed, bias: !config.preNorm };
    const embed = resnetLayers === undefined ? new PatchEmbed(patches) : new HybridEmbed({ ...patches, resnetLayers });
    this.patchEmbed = this.child('patch_embed', embed);
    this.posDrop = this.child('pos_drop', new Dropout(config.posDropRate));
    const norm = (): Norm => makeNorm(embedDim, config);
    this.normPre = config.preNorm ? this.child('norm_pre', norm()) : undefined;
    const blocks = Array.from({ length: depth }, (_, i) => {
      const dropPathRate = depth === 1 ? 0 : (config.dropPathRate * i) / (depth - 1);
      const biasGrid = config.relPosBias === 'layers' ? this.grid : undefined;
      return new Block(only({ ...config, dim: embedDim, dropPathRate, biasGrid }, BLOCK_OPTIONS));
    });
    this.blocks = this.child('blocks', new ModuleList(blocks));
    this.norm = config.finalNorm && !normsPooled(config) ? this.child('norm', norm()) : undefined;
  }

  /** Number of tokens in front of the patches: class, distillation and register tokens. */
  get numPrefixTokens(): number {
    return (this.config.classToken ? 1 : 0) + (this.config.distilled ? 1 : 0) + this.config.regTokens;
  }

  /** The learned positions (1,T,D), where there are such. */
  get posEmbed(): Tensor | undefined {
    return this.#positions.table;
  }

  /**
   * @param images (N,C,H,W)
   * @param options `mask` (N,L), int32: patches at a 1 are replaced by the mask token
   * @returns the encoder's tokens (N,T,D), normed unless the norm comes after pooling
   * @throws TypeError for a mask where the model was built without `maskToken`
   */
  forwardFeatures(images: Tensor, options: ForwardFeaturesOptions = {}): Tensor {
    return this.encoded(images, undefined, checkMask(options, this.#maskToken));
  }

  /**
   * What goes into the first block: prefix tokens and patches with their positions.
   *
   * @param images (N,C,H,W) @returns (N,T,D)
   * @see timm's `_pos_embed` and `norm_pre`
   */
  embedTokens(images: Tensor): Tensor {
    return scope(() => this.#embed(images, this.#gridOf(images)));
  }

  /**
   * What leaves the last `n` blocks, or the blocks of the given numbers (from 0; negative from the end), in order of
   * depth: the patches' tokens (N,L,D).
   *
   * @param options `norm` applies the final norm, `reshape` gives (N,D,rows,columns), `prefix` keeps all tokens (N,T,D)
   * @throws TypeError for a block that is none
   * @see Caron et al. 2021 (DINO)
   * @see timm's `get_intermediate_layers`
   */
  intermediateLayers(images: Tensor, n: number | readonly number[] = 1, options: IntermediateOptions = {}): Tensor[] {
    checkIntermediate(options);
    const taken = new Set(indicesOf(n, this.blocks.length, 'intermediateLayers n'));
    return scope(() => {
      const outputs: Tensor[] = [];
      const visit: Visit = (i, y) => {
        if (taken.has(i)) outputs.push(y);
      };
      this.#encode(images, { visit });
      const grid = this.#gridOf(images);
      return outputs.map((x) => {
        const normed = (options.norm === true ? this.norm?.forward(x) : undefined) ?? fromStream(x);
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
      block.registerForwardPreHook((_, [x, places]) => {
        maps.push(untracked(() => block.attentionWeights(x, places)));
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
   * @see Abnar and Zuidema 2020; Dosovitskiy et al. 2021, appendix D.8
   */
  attentionRollout(images: Tensor): Tensor {
    return noGrad(() => scope(() => rollOut(this.attentionMaps(images))));
  }

  /**
   * Whether training keeps only what goes into each block and computes the block again in backward: memory for a
   * forward pass more. With a number, so many blocks from the first do so.
   * @see timm's `set_grad_checkpointing`
   */
  setGradCheckpointing(on: boolean | number = true): this {
    this.#checkpointed = checkpointedBlocks(on, this.blocks.length);
    this.revision++;
    return this;
  }

  /** The encoder's tokens, normed: all, or the first `outputs`. */
  protected encoded(images: Tensor, outputs?: number, mask?: Tensor): Tensor {
    return scope(() => {
      const x = this.#encode(images, { outputs, mask });
      return this.norm?.forward(x) ?? fromStream(x);
    });
  }

  /** Images to what leaves the last block: all tokens, or the first `outputs`, which saves most of that block. */
  #encode(images: Tensor, { outputs, visit, mask }: Encoding = {}): Tensor {
    const grid = this.#gridOf(images);
    const inAttention = this.#positions.inAttention(grid);
    let x = scope(() => toStream(this.#embed(images, grid, mask)));
    for (const [i, block] of [...this.blocks].entries()) {
      const input = this.#positions.before(i, x, grid);
      const wanted = i === this.blocks.length - 1 ? outputs : undefined;
      const run = (tokens: Tensor): Tensor => block.forward(tokens, inAttention(i), wanted);
      x = this.training && i < this.#checkpointed ? checkpoint(run, input) : run(input);
      visit?.(i, x);
    }
    return x;
  }

  /** Images to tokens: prefix tokens, patches and positions. */
  #embed(images: Tensor, grid: Grid, mask?: Tensor): Tensor {
    const seen = this.patchEmbed.forward(images); // (N,L,D)
    const patches = mask === undefined ? seen : (this.#maskToken?.forward(seen, mask) ?? seen);
    const batch = patches.shape[0];
    const tokens = [this.clsToken, this.distToken, this.regToken].filter((token) => token !== undefined);
    const prefix = tokens.map((token) => tile(token, [batch, 1, 1]));
    const x = prefix.length === 0 ? patches : cat([...prefix, patches], 1);
    const dropped = this.posDrop.forward(this.#positions.atStem(x, grid));
    return this.normPre?.forward(dropped) ?? dropped;
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
}
