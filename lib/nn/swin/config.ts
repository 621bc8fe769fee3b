import {
  checkArray,
  checkBoolean,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkPair,
  expected,
  type Pair,
} from '../../check.js';
import { checkOptions, type OptionNames, onlyGiven } from '../../check-options.js';

/** How a Swin Transformer is built; timm's names and defaults. Sizes are in pixels, tokens or channels. */
export interface SwinConfig {
  /** 1, or 2: cosines with learned factors, positions by a small network, norms behind the branches. Default 1. */
  version: 1 | 2;
  /** (height, width) of the images. Default 224. */
  imgSize: Pair;
  /** Default 4. */
  patchSize: Pair;
  /** Default 3. */
  inChans: number;
  /** 0 makes a model of features. Default 1000. */
  numClasses: number;
  /** Width of the first stage; each further one has twice as much. Default 96. */
  embedDim: number;
  /** Blocks of each stage. Default [2, 2, 6, 2]. */
  depths: readonly number[];
  /** Of each stage. Default [3, 6, 12, 24]. */
  numHeads: readonly number[];
  /** (height, width) of a window, in tokens; where a stage has fewer, all of it is one window. Default 7. */
  windowSize: Pair;
  /** Of each stage, of version 2: the window that positions were learned with, 0 for its own. Default 0 for all. */
  pretrainedWindowSizes: readonly number[];
  /** Width of the MLP over that of a token. Default 4. */
  mlpRatio: number;
  /** Default true. */
  qkvBias: boolean;
  /** The mean of all tokens, or every one (N,H,W,C). Default `'avg'`. */
  globalPool: 'avg' | '';
  /** Default 1e-5. */
  normEps: number;
  /** Dropout before the head. Default 0. */
  dropRate: number;
  /** Dropout after projections. Default 0. */
  projDropRate: number;
  /** Stochastic depth at the last block; grows linearly from 0 at the first. Default 0.1. */
  dropPathRate: number;
}

/** What the constructor takes: any of the options. */
export type SwinOptions = Partial<SwinConfig>;

const DEFAULTS: SwinConfig = {
  version: 1,
  imgSize: 224,
  patchSize: 4,
  inChans: 3,
  numClasses: 1000,
  embedDim: 96,
  depths: [2, 2, 6, 2],
  numHeads: [3, 6, 12, 24],
  windowSize: 7,
  pretrainedWindowSizes: [],
  mlpRatio: 4,
  qkvBias: true,
  globalPool: 'avg',
  normEps: 1e-5,
  dropRate: 0,
  projDropRate: 0,
  dropPathRate: 0.1,
};

/** The names of all options. */
export const swinOptionNames: readonly string[] = Object.keys(DEFAULTS);

const NAMES = Object.fromEntries(swinOptionNames.map((name) => [name, true])) as OptionNames<SwinOptions>; // its defaults'

/** Throws unless these are options, and each of them one of a Swin's. */
export function checkSwinOptions(options: SwinOptions): void {
  checkOptions(options, NAMES, 'Swin');
}

/**
 * Fills in defaults and checks every option.
 *
 * @throws TypeError that names the option
 */
export function resolveSwin(options: SwinOptions): Readonly<SwinConfig> {
  checkSwinOptions(options);
  const config: SwinConfig = { ...DEFAULTS, ...onlyGiven(options) };
  if (config.version !== 1 && config.version !== 2) throw expected('1 or 2', 'Swin version', config.version);
  checkOneOf(config.globalPool, 'Swin globalPool', ['avg', '']);
  checkBoolean(config.qkvBias, 'Swin qkvBias');
  for (const name of ['inChans', 'embedDim'] as const) checkInteger(config[name], `Swin ${name}`, 1);
  checkInteger(config.numClasses, 'Swin numClasses');
  checkNumber(config.mlpRatio, 'Swin mlpRatio', 1 / config.embedDim);
  checkNumber(config.normEps, 'Swin normEps', 0);
  for (const rate of ['dropRate', 'projDropRate', 'dropPathRate'] as const)
    checkNumber(config[rate], `Swin ${rate}`, 0, 1);
  const sizes = { windowSize: frozenPair(config.windowSize, 'Swin windowSize'), ...checkImage(config) };
  return Object.freeze({ ...config, ...sizes, ...checkStages(config) });
}

function frozenPair(size: Pair, where: string): Pair {
  const pair = checkPair(size, where, 1);
  return typeof size === 'number' ? size : Object.freeze(pair);
}

function checkImage({ imgSize, patchSize }: SwinConfig): Pick<SwinConfig, 'imgSize' | 'patchSize'> {
  const [image, patch] = [checkPair(imgSize, 'Swin imgSize', 1), checkPair(patchSize, 'Swin patchSize', 1)];
  if (image[0] % patch[0] !== 0 || image[1] % patch[1] !== 0) {
    throw expected(`an image size that the patch size ${patch.join(' x ')} divides`, 'Swin imgSize', imgSize);
  }
  return { imgSize: frozenPair(imgSize, 'Swin imgSize'), patchSize: frozenPair(patchSize, 'Swin patchSize') };
}

function checkStages(config: SwinConfig): Pick<SwinConfig, 'depths' | 'numHeads' | 'pretrainedWindowSizes'> {
  const { depths, numHeads, pretrainedWindowSizes, embedDim } = config;
  for (const depth of checkArray(depths, 'an array of numbers of blocks', 'Swin depths')) {
    checkInteger(depth, 'Swin depths', 1);
  }
  checkArray(numHeads, 'an array of numbers of heads', 'Swin numHeads');
  if (depths.length === 0 || numHeads.length !== depths.length) {
    throw expected(`heads of each of ${Math.max(1, depths.length)} stages`, 'Swin numHeads', numHeads);
  }
  for (const [i, heads] of numHeads.entries()) {
    checkInteger(heads, 'Swin numHeads', 1);
    const width = embedDim * 2 ** i;
    if (width % heads !== 0) throw expected(`heads that divide the width ${width}`, 'Swin numHeads', heads);
  }
  checkArray(pretrainedWindowSizes, 'an array of windows', 'Swin pretrainedWindowSizes');
  const windows = depths.map((_, i) => checkInteger(pretrainedWindowSizes[i] ?? 0, 'Swin pretrainedWindowSizes'));
  if (pretrainedWindowSizes.length > depths.length || (config.version === 1 && windows.some((size) => size > 0))) {
    throw expected('windows of the stages of a version 2', 'Swin pretrainedWindowSizes', pretrainedWindowSizes);
  }
  const frozen = (list: readonly number[]): readonly number[] => Object.freeze([...list]);
  return { depths: frozen(depths), numHeads: frozen(numHeads), pretrainedWindowSizes: frozen(windows) };
}
