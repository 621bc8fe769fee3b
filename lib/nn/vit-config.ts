import { checkInteger, checkNumber, checkOneOf, checkPair, expected, type Pair } from '../check.js';
import type { Activation } from '../native.js';
import type { PatchRoute } from './patch-embed.js';

/** How a ViT is built; timm's names and defaults. All sizes are in pixels, tokens or channels. */
export interface ViTConfig {
  /** (height, width) of the images. Default 224. */
  imgSize: Pair;
  /** Default 16. */
  patchSize: Pair;
  /** Default 3. */
  inChans: number;
  /** 0 makes a model of features. Default 1000. */
  numClasses: number;
  /** Default 768. */
  embedDim: number;
  /** Number of blocks. Default 12. */
  depth: number;
  /** Default 12. */
  numHeads: number;
  /** Width of the MLP over embedDim. Default 4. */
  mlpRatio: number;
  /** Default true. */
  qkvBias: boolean;
  /** Layer norm on queries and keys, per head. Default false. */
  qkNorm: boolean;
  /** Biases of the projections after attention and in the MLP. Default true. */
  projBias: boolean;
  /** LayerScale's initial value; undefined leaves LayerScale out. */
  initValues?: number | undefined;
  /** Whether a class token goes in front. Default true. */
  classToken: boolean;
  /** What the head reads: the class token, or the mean of the patches. Default `'token'`. */
  globalPool: 'token' | 'avg';
  /** Whether class and register tokens have no position embedding. Default false. */
  noEmbedClass: boolean;
  /** Number of register tokens (Darcet et al. 2023). Default 0. */
  regTokens: number;
  /** Layer norm before the blocks, as in CLIP; the patch embedding then has no bias. Default false. */
  preNorm: boolean;
  /** Layer norm after the blocks. Default true. */
  finalNorm: boolean;
  /** Whether the final norm comes after pooling. Default: with `globalPool: 'avg'`. */
  fcNorm?: boolean | undefined;
  /** Default 1e-6. */
  normEps: number;
  /** Default `'gelu'`. */
  act: Exclude<Activation, 'none'>;
  /** Dropout before the head. Default 0. */
  dropRate: number;
  /** Dropout on the tokens once positions are added. Default 0. */
  posDropRate: number;
  /** Dropout after projections. Default 0. */
  projDropRate: number;
  /** Dropout on attention weights. Default 0. */
  attnDropRate: number;
  /** Stochastic depth at the last block; grows linearly from 0 at the first. Default 0. */
  dropPathRate: number;
  /** The route from image to patch embeddings. Default `'conv'`. */
  patchEmbed: PatchRoute;
  /** Learned position embeddings, or none. Default `'learn'`. */
  posEmbed: 'learn' | 'none';
}

const DEFAULTS: ViTConfig = {
  imgSize: 224,
  patchSize: 16,
  inChans: 3,
  numClasses: 1000,
  embedDim: 768,
  depth: 12,
  numHeads: 12,
  mlpRatio: 4,
  qkvBias: true,
  qkNorm: false,
  projBias: true,
  classToken: true,
  globalPool: 'token',
  noEmbedClass: false,
  regTokens: 0,
  preNorm: false,
  finalNorm: true,
  normEps: 1e-6,
  act: 'gelu',
  dropRate: 0,
  posDropRate: 0,
  projDropRate: 0,
  attnDropRate: 0,
  dropPathRate: 0,
  patchEmbed: 'conv',
  posEmbed: 'learn',
};

/**
 * Fills in defaults and checks every option.
 *
 * @throws TypeError that names the option
 */
export function resolveConfig(options: Partial<ViTConfig>): ViTConfig {
  for (const name of Object.keys(options)) {
    if (!(name in DEFAULTS) && name !== 'initValues' && name !== 'fcNorm') {
      throw expected(`an option among ${Object.keys(DEFAULTS).join(', ')}, initValues, fcNorm`, 'ViT', name);
    }
  }
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const config: ViTConfig = { ...DEFAULTS, ...given };
  const image = checkPair(config.imgSize, 'ViT imgSize', 1);
  const patch = checkPair(config.patchSize, 'ViT patchSize', 1);
  if (image[0] % patch[0] !== 0 || image[1] % patch[1] !== 0) {
    throw expected(`an image size that the patch size ${patch.join(' x ')} divides`, 'ViT imgSize', config.imgSize);
  }
  checkInteger(config.inChans, 'ViT inChans', 1);
  checkInteger(config.numClasses, 'ViT numClasses');
  checkInteger(config.embedDim, 'ViT embedDim', 1);
  checkInteger(config.depth, 'ViT depth', 1);
  checkInteger(config.numHeads, 'ViT numHeads', 1);
  checkInteger(config.regTokens, 'ViT regTokens');
  checkNumber(config.mlpRatio, 'ViT mlpRatio', 1 / config.embedDim);
  checkNumber(config.normEps, 'ViT normEps', 0);
  checkOneOf(config.globalPool, 'ViT globalPool', ['token', 'avg']);
  checkOneOf(config.act, 'ViT act', ['gelu', 'gelu_tanh', 'relu']);
  checkOneOf(config.patchEmbed, 'ViT patchEmbed', ['unfold', 'conv']);
  checkOneOf(config.posEmbed, 'ViT posEmbed', ['learn', 'none']);
  for (const rate of ['dropRate', 'posDropRate', 'projDropRate', 'attnDropRate', 'dropPathRate'] as const) {
    checkNumber(config[rate], `ViT ${rate}`, 0, 1);
  }
  if (config.globalPool === 'token' && !config.classToken) {
    throw expected("globalPool: 'avg'", 'a ViT without class token', config.globalPool);
  }
  return config;
}
