import { checkInteger, expected } from '../lib/check.js';
import { resolveConfig } from '../lib/nn/vit/config.js';
import { configOf } from '../lib/nn/vit/registry.js';
import type { ModelSizes } from './work.js';

/** A model of the benchmarks and what it goes by. */
export interface BenchModel<Sizes = ModelSizes> {
  readonly name: string;
  readonly sizes: Sizes;
}

/** Sizes that take the place of a model's own. */
export interface ModelOverrides {
  img?: number | undefined;
  patch?: number | undefined;
  classes?: number | undefined;
}

const SMALL: Readonly<Record<string, ModelSizes>> = {
  // What `npm start` trains, with its patches halved.
  digits: {
    imgSize: 8,
    patchSize: 2,
    inChans: 1,
    numClasses: 10,
    embedDim: 64,
    depth: 4,
    numHeads: 4,
    mlpRatio: 4,
  },
  // For images as CIFAR-10's: 1.2 million parameters.
  cifar: {
    imgSize: 32,
    patchSize: 4,
    inChans: 3,
    numClasses: 10,
    embedDim: 128,
    depth: 6,
    numHeads: 4,
    mlpRatio: 4,
  },
  // So small that nothing but overhead is measured.
  tiny: { imgSize: 8, patchSize: 4, inChans: 1, numClasses: 10, embedDim: 8, depth: 6, numHeads: 8, mlpRatio: 4 },
};

/** DINOv2's features: of larger images, with factors behind its branches, and without a head. */
const DINOV2 = { imgSize: 518, numClasses: 0, initValues: 1e-5 } as const;

const LETTERS: Readonly<Record<string, string>> = { Ti: 'tiny', S: 'small', B: 'base', L: 'large', H: 'huge' };

/**
 * A ViT by its name: `digits`, `cifar`, `tiny`, a letter and a patch size as in `Ti/16` or `DINOv2-S/14`, or a name of
 * `ViT.list()`.
 *
 * @throws TypeError for another name, or sizes that do not go together
 */
export function benchModel(name: string, overrides: ModelOverrides = {}): BenchModel {
  const own = sizesOf(name);
  const sizes = {
    ...own,
    imgSize: overrides.img ?? own.imgSize,
    patchSize: overrides.patch ?? own.patchSize,
    numClasses: overrides.classes ?? own.numClasses,
  };
  resolveConfig(sizes);
  return { name, sizes };
}

function sizesOf(name: string): ModelSizes {
  const small = SMALL[name];
  if (small !== undefined) return small;
  const [, dinov2, letter = '', patch] = /^(DINOv2-)?(Ti|S|B|L|H)\/(\d+)$/.exec(name) ?? [];
  const size = LETTERS[letter];
  if (size === undefined && !name.startsWith('vit_')) {
    throw expected("'digits', 'cifar', 'tiny', a model such as 'Ti/16', or a name of ViT.list()", '--model', name);
  }
  const config = resolveConfig(
    size === undefined ? configOf(name) : { ...configOf(`vit_${size}_patch16_224`), patchSize: Number(patch) },
  );
  const { inChans, numClasses, embedDim, depth, numHeads, mlpRatio } = config;
  const imgSize = checkInteger(config.imgSize, `the image size of ${name}`);
  const patchSize = checkInteger(config.patchSize, `the patch size of ${name}`);
  const sizes = { imgSize, patchSize, inChans, numClasses, embedDim, depth, numHeads, mlpRatio };
  return dinov2 === undefined ? sizes : { ...sizes, ...DINOV2 };
}

/** Tokens of an image, the class token included. */
export function tokensOf({ imgSize, patchSize }: ModelSizes): number {
  return (imgSize / patchSize) ** 2 + 1;
}

/** Floating-point operations of one image's way through the matrix products, forward; training takes 3 times that. */
export function forwardFlops(model: ModelSizes): number {
  const { embedDim: dim, depth, inChans, numClasses, patchSize } = model;
  const tokens = tokensOf(model);
  const hidden = Math.floor(dim * model.mlpRatio);
  const patches = 2 * (tokens - 1) * inChans * patchSize ** 2 * dim;
  const linears = 2 * tokens * dim * (4 * dim + 2 * hidden); // qkv, proj, fc1, fc2
  const attention = 4 * tokens ** 2 * dim; // scores, and their product with the values
  return patches + depth * (linears + attention) + 2 * dim * numClasses;
}
