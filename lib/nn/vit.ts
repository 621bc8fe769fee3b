import { checkPair } from '../check.js';
import { noGrad } from '../autograd.js';
import { cat } from '../ops/cat.js';
import { checkTensor } from '../ops/check-tensor.js';
import { add } from '../ops/elementwise.js';
import { mean } from '../ops/reduce.js';
import { slice } from '../ops/slice.js';
import { tile } from '../ops/tile.js';
import { reshape } from '../ops/transpose.js';
import { scope } from '../scope.js';
import { empty, type Tensor } from '../tensor.js';
import { Dropout } from './dropout.js';
import * as init from './init.js';
import { LayerNorm } from './layer-norm.js';
import { Linear } from './linear.js';
import { Module, ModuleList } from './module.js';
import { PatchEmbed } from './patch-embed.js';
import { Block } from './vit-block.js';
import { resolveConfig, type ViTConfig } from './vit-config.js';
import { configOf, modelNames } from './vit-registry.js';

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
  /** Patches along (height, width). */
  readonly grid: readonly [number, number];
  readonly patchEmbed: PatchEmbed;
  readonly clsToken: Tensor | undefined; // (1,1,D)
  readonly regToken: Tensor | undefined; // (1,R,D)
  readonly posEmbed: Tensor | undefined; // (1,T,D)
  readonly blocks: ModuleList<Block>;
  readonly head: Linear | undefined;
  readonly #posDrop: Dropout;
  readonly #normPre: LayerNorm | undefined;
  readonly #norm: LayerNorm | undefined;
  readonly #fcNorm: LayerNorm | undefined;
  readonly #headDrop: Dropout;

  /** @throws TypeError for an option that is unknown or out of range */
  constructor(options: Partial<ViTConfig> = {}) {
    super();
    const config = resolveConfig(options);
    this.config = config;
    const { embedDim, depth } = config;
    const image = checkPair(config.imgSize, 'ViT imgSize', 1);
    const patch = checkPair(config.patchSize, 'ViT patchSize', 1);
    this.grid = [image[0] / patch[0], image[1] / patch[1]];

    const token = (count: number, std: number) => () => init.normal(empty([1, count, embedDim]), 0, std);
    this.clsToken = config.classToken ? this.parameter('cls_token', token(1, 1e-6)) : undefined;
    this.regToken = config.regTokens > 0 ? this.parameter('reg_token', token(config.regTokens, 1e-6)) : undefined;
    const positions = this.grid[0] * this.grid[1] + (config.noEmbedClass ? 0 : this.numPrefixTokens);
    this.posEmbed = config.posEmbed === 'learn' ? this.parameter('pos_embed', token(positions, 0.02)) : undefined;

    this.patchEmbed = this.child(
      'patch_embed',
      new PatchEmbed({ ...config, route: config.patchEmbed, bias: !config.preNorm }),
    );
    this.#posDrop = this.child('pos_drop', new Dropout(config.posDropRate));
    const norm = (): LayerNorm => new LayerNorm(embedDim, { eps: config.normEps });
    this.#normPre = config.preNorm ? this.child('norm_pre', norm()) : undefined;
    const blocks = Array.from({ length: depth }, (_, i) => {
      const dropPathRate = depth === 1 ? 0 : (config.dropPathRate * i) / (depth - 1);
      return new Block({ ...config, dim: embedDim, initValues: config.initValues, dropPathRate });
    });
    this.blocks = this.child('blocks', new ModuleList(blocks));
    const useFcNorm = config.fcNorm ?? config.globalPool === 'avg';
    this.#norm = config.finalNorm && !useFcNorm ? this.child('norm', norm()) : undefined;
    this.#fcNorm = config.finalNorm && useFcNorm ? this.child('fc_norm', norm()) : undefined;
    this.#headDrop = this.child('head_drop', new Dropout(config.dropRate));
    this.head = config.numClasses > 0 ? this.child('head', new Linear(embedDim, config.numClasses)) : undefined;
    this.#initialise();
  }

  /**
   * A model by its name, with overrides.
   *
   * @throws TypeError for a name that is none; `ViT.list()` tells them
   */
  static create(name: string, overrides: Partial<ViTConfig> = {}): ViT {
    return new ViT({ ...configOf(name), ...overrides });
  }

  /** The names that `create` knows. */
  static list(): string[] {
    return modelNames();
  }

  /** Number of tokens in front of the patches. */
  get numPrefixTokens(): number {
    return (this.config.classToken ? 1 : 0) + this.config.regTokens;
  }

  /** @param images (N,C,H,W) @returns logits (N,classes), or features (N,D) without classes */
  forward(images: Tensor): Tensor {
    return scope(() => this.forwardHead(this.forwardFeatures(images)));
  }

  /** @param images (N,C,H,W) @returns the encoder's tokens (N,T,D), normed unless the norm comes after pooling */
  forwardFeatures(images: Tensor): Tensor {
    return scope(() => {
      let x = this.#embed(images);
      for (const block of this.blocks) x = block.forward(x);
      return this.#norm?.forward(x) ?? x;
    });
  }

  /** @param tokens (N,T,D) @returns logits (N,classes), or features (N,D) without classes */
  forwardHead(tokens: Tensor): Tensor {
    return scope(() => {
      const pooled = this.#pool(tokens);
      const x = this.#headDrop.forward(this.#fcNorm?.forward(pooled) ?? pooled);
      return this.head?.forward(x) ?? x;
    });
  }

  /**
   * The attention weights of every block on the given images, (N,H,T,T) each; computed without gradients.
   *
   * @param images (N,C,H,W)
   */
  attentionMaps(images: Tensor): Tensor[] {
    return noGrad(() =>
      scope(() => {
        let x = this.#embed(images);
        return [...this.blocks].map((block) => {
          const weights = block.attn.weights(block.norm1.forward(x));
          x = block.forward(x);
          return weights;
        });
      }),
    );
  }

  /** Images to tokens: patches, prefix tokens and positions. */
  #embed(images: Tensor): Tensor {
    const { imgSize, inChans } = this.config;
    const [height, width] = checkPair(imgSize, 'ViT imgSize', 1);
    checkTensor(images, 'ViT images', { shape: [null, inChans, height, width] });
    const patches = this.patchEmbed.forward(images); // (N,L,D)
    const batch = images.shape[0] as number; // four axes
    const prefix = [this.clsToken, this.regToken].flatMap((token) => (token ? [tile(token, [batch, 1, 1])] : []));
    const withPositions = (x: Tensor): Tensor => (this.posEmbed === undefined ? x : add(x, this.posEmbed));
    const withPrefix = (x: Tensor): Tensor => (prefix.length === 0 ? x : cat([...prefix, x], 1));
    const x = this.config.noEmbedClass ? withPrefix(withPositions(patches)) : withPositions(withPrefix(patches));
    const dropped = this.#posDrop.forward(x);
    return this.#normPre?.forward(dropped) ?? dropped;
  }

  /** (N,T,D) to (N,D). */
  #pool(tokens: Tensor): Tensor {
    if (this.config.globalPool === 'avg') return mean(slice(tokens, 1, this.numPrefixTokens), { dim: 1 });
    const [n, , d] = tokens.shape as [number, number, number]; // three axes
    return reshape(slice(tokens, 1, 0, 1), [n, d]);
  }

  /** timm's default: linear weights normal with deviation 0.02, their biases zero; the patch embedding as a Conv2d. */
  #initialise(): void {
    for (const module of this.namedModules().values()) {
      if (!(module instanceof Linear)) continue;
      init.normal(module.weight, 0, 0.02);
      if (module.bias !== undefined) init.zeros(module.bias);
    }
  }
}
