import { checkInteger, checkNumber, checkOneOf, checkPair, expected, type Pair } from '../../check.js';
import { checkOptions, type OptionNames, onlyGiven } from '../../check-options.js';
import type { PatchRoute } from '../patch-embed.js';
import { gridOf } from './grid.js';
import type { WeightInit } from './init.js';
import { MLP_ACTIVATIONS, type MlpActivation } from './mlp.js';
import { checkParts, type FamilyParts, OPTIONAL_PARTS, PART_DEFAULTS } from './parts.js';
import type { Pooling } from './pool.js';
import { MAX_STAGES } from './resnet-stem.js';

/**
 * Position embeddings: a learned vector for each token (timm's `'learn'` means this one), one for each column and one
 * for each row, fixed sines, learned keys for distances in attention, or none.
 */
export type PosEmbed = 'learned1d' | 'learned2d' | 'sincos2d' | 'relative' | 'none';
/** Where position embeddings come in: before the blocks, or before every block, each with its own or all with one. */
export type PosEmbedPlacement = 'stem' | 'layers' | 'shared';

/** How a ViT is built; timm's names and defaults. All sizes are in pixels, tokens or channels. */
export interface ViTConfig extends FamilyParts {
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
  /**
   * What the head reads: the class token; the mean of the patches, their maximum, or half the sum of both; the class token
   * and the mean of the patches side by side (`'tokenavg'`); what a learned query gathers from them (`'map'`); or every
   * token (`''`). Default `'token'`.
   */
  globalPool: Pooling | 'map';
  /** Whether class and register tokens have no position embedding; only with `'learned1d'` they may. Default false. */
  noEmbedClass: boolean;
  /** Number of register tokens (Darcet et al. 2023). Default 0. */
  regTokens: number;
  /** Layer norm before the blocks, as in CLIP; the patch embedding then has no bias. Default false. */
  preNorm: boolean;
  /** Layer norm after the blocks. Default true. */
  finalNorm: boolean;
  /** Whether the final norm comes after pooling. Default: with `globalPool` `'avg'`, `'avgmax'` and `'max'`. */
  fcNorm?: boolean | undefined;
  /** Default 1e-6. */
  normEps: number;
  /** Default `'gelu'`. */
  act: MlpActivation;
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
  /** Default `'learned1d'`. */
  posEmbed: PosEmbed;
  /**
   * Dosovitskiy et al. 2021, table 8. Default `'stem'`; for `'relative'`, `'layers'`, as its keys lie in attention:
   * `'stem'` then means that of the first block alone.
   */
  posEmbedPlacement: PosEmbedPlacement;
  /** Whether images of any size may come, positions being resampled (bicubic, antialiased). Default false. */
  dynamicImgSize: boolean;
  /** Whether images are padded with zeros to whole patches. Default false. */
  dynamicImgPad: boolean;
  /** Whether a distillation token and its head go beside the class token's (DeiT). Default false. */
  distilled: boolean;
  /** Width of a linear layer with tanh between pooling and head; undefined leaves it out. */
  representationSize?: number | undefined;
  /**
   * Blocks of each stage of a ResNet whose features are cut into patches in place of the image (the paper's hybrid):
   * [3, 4, 9] for R50 at stride 16; [] for the stem convolution alone. Undefined leaves it out.
   */
  resnetLayers?: readonly number[] | undefined;
  /** How weights are drawn. Default `''`. */
  weightInit: WeightInit;
}

const DEFAULTS: ViTConfig = {
  ...PART_DEFAULTS,
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
  posEmbed: 'learned1d',
  posEmbedPlacement: 'stem',
  dynamicImgSize: false,
  dynamicImgPad: false,
  distilled: false,
  weightInit: '',
};
const OPTIONAL = ['initValues', 'fcNorm', 'representationSize', 'resnetLayers', ...OPTIONAL_PARTS];

/** The names of all options. */
export const viTOptionNames: readonly string[] = [...Object.keys(DEFAULTS), ...OPTIONAL];

/** What the constructor takes: any of the options, with timm's word for learned positions. */
export type ViTOptions = Partial<
  Omit<ViTConfig, 'posEmbed'> & {
    /** `'learn'` is `'learned1d'`. */
    posEmbed: PosEmbed | 'learn';
  }
>;

const NAMES = Object.fromEntries(viTOptionNames.map((name) => [name, true])) as OptionNames<ViTOptions>; // of its defaults

/** Throws unless these are options, and each of them one of a ViT's. */
export function checkOptionNames(options: ViTOptions): void {
  checkOptions(options, NAMES, 'ViT');
}

/**
 * Fills in defaults and checks every option.
 *
 * @throws TypeError that names the option
 */
export function resolveConfig(options: ViTOptions): Readonly<ViTConfig> {
  checkOptionNames(options);
  const posEmbed = options.posEmbed === 'learn' ? 'learned1d' : (options.posEmbed ?? DEFAULTS.posEmbed);
  const posEmbedPlacement = options.posEmbedPlacement ?? (posEmbed === 'relative' ? 'layers' : 'stem');
  const config: ViTConfig = { ...DEFAULTS, ...onlyGiven(options), posEmbed, posEmbedPlacement };
  checkKinds(config);
  checkSizes(config);
  checkTogether(config);
  return Object.freeze({ ...config, ...frozenArrays(config) });
}

/** Copies of what is the caller's, and what a model's sizes follow from. */
function frozenArrays({ imgSize, patchSize, resnetLayers, ropeGrid }: ViTConfig): Partial<ViTConfig> {
  const pair = (size: Pair): Pair => (typeof size === 'number' ? size : checkPair(size, 'ViT sizes', 1));
  return {
    imgSize: pair(imgSize),
    patchSize: pair(patchSize),
    ...(ropeGrid !== undefined && { ropeGrid: pair(ropeGrid) }),
    ...(resnetLayers && { resnetLayers: Object.freeze([...resnetLayers]) }),
  };
}

function checkKinds(config: ViTConfig): void {
  checkOneOf(config.globalPool, 'ViT globalPool', ['token', 'avg', 'avgmax', 'max', 'tokenavg', 'map', '']);
  checkOneOf(config.act, 'ViT act', MLP_ACTIVATIONS);
  checkOneOf(config.patchEmbed, 'ViT patchEmbed', ['unfold', 'conv']);
  checkOneOf(config.posEmbed, 'ViT posEmbed', ['learned1d', 'learned2d', 'sincos2d', 'relative', 'none']);
  checkOneOf(config.posEmbedPlacement, 'ViT posEmbedPlacement', ['stem', 'layers', 'shared']);
  checkOneOf(config.weightInit, 'ViT weightInit', ['', 'jax', 'jax_nlhb', 'reset']);
  for (const [name, usual] of Object.entries({ ...DEFAULTS, fcNorm: false })) {
    const value = config[name as keyof ViTConfig] ?? usual; // the names of options
    if (typeof usual === 'boolean' && typeof value !== 'boolean') throw expected('true or false', `ViT ${name}`, value);
  }
}

function checkSizes(config: ViTConfig): void {
  checkPair(config.patchSize, 'ViT patchSize', 1);
  for (const name of ['inChans', 'embedDim', 'depth', 'numHeads'] as const)
    checkInteger(config[name], `ViT ${name}`, 1);
  checkInteger(config.numClasses, 'ViT numClasses');
  checkInteger(config.regTokens, 'ViT regTokens');
  checkNumber(config.mlpRatio, 'ViT mlpRatio', 1 / config.embedDim);
  checkNumber(config.normEps, 'ViT normEps', 0);
  for (const rate of ['dropRate', 'posDropRate', 'projDropRate', 'attnDropRate', 'dropPathRate'] as const) {
    checkNumber(config[rate], `ViT ${rate}`, 0, 1);
  }
  if (config.initValues !== undefined) checkNumber(config.initValues, 'ViT initValues');
  if (config.representationSize !== undefined) checkInteger(config.representationSize, 'ViT representationSize', 1);
  const { resnetLayers } = config;
  if (resnetLayers === undefined) return;
  if (!Array.isArray(resnetLayers) || resnetLayers.length > MAX_STAGES) {
    throw expected(`an array of at most ${MAX_STAGES} numbers of blocks`, 'ViT resnetLayers', resnetLayers);
  }
  for (const depth of resnetLayers) checkInteger(depth, 'ViT resnetLayers', 1);
}

function checkTogether(config: ViTConfig): void {
  gridOf(config, checkPair(config.imgSize, 'ViT imgSize', 1), 'ViT imgSize');
  if (config.embedDim % config.numHeads !== 0) {
    throw expected(`heads that divide the width ${config.embedDim}`, 'ViT numHeads', config.numHeads);
  }
  checkParts(config);
  if ((config.globalPool === 'token' || config.globalPool === 'tokenavg') && !config.classToken) {
    throw expected("globalPool: 'avg'", 'a ViT without class token', config.globalPool);
  }
  if (config.posEmbed === 'learned2d' && config.embedDim % 2 !== 0) {
    throw expected("an even embedDim with posEmbed: 'learned2d'", 'ViT', config.embedDim);
  }
  if (config.posEmbed === 'sincos2d' && (config.embedDim % 4 !== 0 || config.embedDim < 8)) {
    throw expected("an embedDim of at least 8 that 4 divides with posEmbed: 'sincos2d'", 'ViT', config.embedDim);
  }
  if (!config.distilled) return;
  if (!config.classToken || config.globalPool !== 'token') {
    throw expected("a class token and globalPool: 'token'", 'a distilled ViT', config.globalPool);
  }
  if (config.representationSize !== undefined) {
    throw expected('no representationSize', 'a distilled ViT', config.representationSize);
  }
}
