// ViTs of every option and of every two of them, with drawn weights, for the scripts beside.

import { manualSeed, nn, ViT } from '../../dist/lib/index.js';

const base = { imgSize: 16, patchSize: 4, numClasses: 10, embedDim: 24, depth: 2, numHeads: 2 };
const choices = {
  imgSize: [[8, 32], [8, 16], 15, [7, 31]],
  patchSize: [[2, 8]],
  inChans: [1],
  numClasses: [0, 1],
  numHeads: [4],
  mlpRatio: [2.67],
  qkvBias: [false],
  qkNorm: [true],
  projBias: [false],
  initValues: [0.1],
  classToken: [false],
  globalPool: ['avg', 'avgmax', 'max', 'map', ''],
  noEmbedClass: [true],
  regTokens: [1, 3],
  preNorm: [true],
  finalNorm: [false],
  fcNorm: [true, false],
  normEps: [1e-2, 1e-12],
  act: ['relu', 'gelu_tanh'],
  dropRate: [0.1],
  posDropRate: [0.1],
  projDropRate: [0.2],
  attnDropRate: [0.2],
  dropPathRate: [0.2],
  patchEmbed: ['unfold'],
  posEmbed: ['learned2d', 'sincos2d', 'relative', 'none'],
  posEmbedPlacement: ['layers', 'shared'],
  dynamicImgSize: [true],
  dynamicImgPad: [true],
  distilled: [true],
  representationSize: [7, 24],
  resnetLayers: [[]],
};

// What families have that the paper's model has not.
const parts = {
  normLayer: ['rmsnorm'],
  mlpLayer: ['swiglu'],
  mlpNorm: [true],
  attnNorm: [true],
  keyBias: [false],
  headBias: [false],
  rope: ['eva', 'dinov3'],
  relPosBias: ['layers', 'shared'],
  act: ['silu', 'quick_gelu'],
  globalPool: ['tokenavg', 'map', 'avg'],
  regTokens: [4],
  qkNorm: [true],
  posEmbed: ['none'],
  imgSize: [[16, 24]],
};

/** Every choice alone, and every two of them; what needs another option has it. */
function* optionSets(choices) {
  const singles = Object.entries(choices).flatMap(([name, values]) => values.map((value) => ({ [name]: value })));
  yield {};
  for (const [i, one] of singles.entries()) {
    yield one;
    for (const other of singles.slice(i + 1)) yield { ...one, ...other };
  }
}

function complete(options) {
  const completed = { ...options };
  if (options.resnetLayers !== undefined) completed.imgSize = 32;
  if (options.classToken === false && options.globalPool === undefined) completed.globalPool = 'avg';
  if (options.imgSize === 15 || options.imgSize?.[0] === 7) completed.dynamicImgPad = true;
  return completed;
}

function made(options) {
  try {
    return new ViT({ ...base, ...complete(options) }).eval();
  } catch {
    return undefined; // options that do not go together
  }
}

/** [options, model]s; dispose of each. */
export function* models() {
  manualSeed(1);
  yield* ofChoices(choices);
}

/** The same of the families' parts. */
export function* partModels() {
  manualSeed(2);
  yield* ofChoices(parts);
}

function* ofChoices(choices) {
  for (const options of optionSets(choices)) {
    const model = made(options);
    if (model === undefined) continue;
    for (const parameter of model.parameters()) nn.init.normal(parameter, 0, 0.3);
    yield [options, model];
  }
}
