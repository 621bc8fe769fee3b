import { checkPair } from '../../../check.js';
import type { ViTConfig, ViTOptions } from '../../../nn/vit/config.js';
import { fileError } from '../../formats/file-error.js';
import type { Architecture } from './architecture.js';
import type { Layout } from './layout.js';

/** What is known of a checkpoint of others besides its shapes, in the order in which it is believed. */
export interface Known {
  /** By the files beside the weights, or by the library. */
  readonly stated: Partial<ViTConfig>;
  /** By the caller. */
  readonly given: ViTOptions;
  /** What such models usually have: guesses. */
  readonly usual?: Partial<ViTConfig>;
}

type Grid = readonly [number, number];

/** A model that a checkpoint is taken for. */
export interface Guess {
  readonly config: Partial<ViTConfig>;
  /** Rows and columns of patches that the positions are for; undefined without learned positions. */
  readonly grid: Grid | undefined;
  /** Positions in front of the patches'. */
  readonly positionPrefix: number;
  /** The options that nothing told, as they are taken to be. */
  readonly assumed: Partial<ViTConfig>;
  /** What else was taken for granted, in words. */
  readonly doubts?: readonly string[];
}

// timm's and the papers' models whose heads are not 64 wide: SoViT-400m, huge, giant, gigantic.
const headsOfWidth: Readonly<Record<number, number>> = { 1152: 16, 1280: 16, 1408: 16, 1664: 16 };

/**
 * Completes what shapes tell of a model with what is stated, then with what the caller says, and last with what such
 * models usually have.
 *
 * @throws TypeError when that leaves the heads or the grid open
 */
export function guessModel(architecture: Architecture, known: Known, layout: Layout, where: string): Guess {
  const { stated, given } = known;
  const told = new Set([architecture.config, stated, given].flatMap((options) => Object.keys(options)));
  const usual: Partial<ViTConfig> = { globalPool: poolOf(architecture), ...(known.usual ?? layout.usual) };
  if (!told.has('numHeads')) usual.numHeads = headsOf(architecture, where);
  if (architecture.positions === undefined && !told.has('posEmbed') && usual.posEmbed === undefined) {
    throw rotary(where);
  }
  const placed = placePositions(architecture, known, layout, where);
  const assumed: Partial<ViTConfig> = Object.fromEntries(Object.entries(usual).filter(([name]) => !told.has(name)));
  if (architecture.headDim !== undefined) delete assumed.numHeads; // its shapes tell
  if (!placed.certain) assumed.imgSize = placed.config.imgSize ?? 224;
  return {
    config: { ...usual, ...stated, ...architecture.config, ...placed.config },
    grid: placed.grid,
    positionPrefix: placed.prefix,
    assumed,
  };
}

/** Models of today that keep no positions compute rotary ones: DINOv3, RoPE-ViT, Perception Encoder. */
function rotary(where: string): Error {
  const advice =
    "Give posEmbed: 'none' with rope: 'dinov3' or 'eva', or without where it has no positions at all, and for sines posEmbed: 'sincos2d'.";
  return fileError('position embeddings', where, 'a model without, whose positions may be rotary', advice);
}

function headsOf({ config: { embedDim = 0 }, headDim }: Architecture, where: string): number {
  const heads = headDim === undefined ? (headsOfWidth[embedDim] ?? embedDim / 64) : embedDim / headDim;
  if (Number.isInteger(heads) && heads > 0) return heads;
  const advice = 'The weights do not tell it: give it as option numHeads.';
  throw fileError('a width of 64 for each head, or numHeads', where, `a model of width ${embedDim}`, advice);
}

function poolOf({ config }: Architecture): ViTConfig['globalPool'] {
  return config.classToken === true && config.fcNorm !== true ? 'token' : 'avg';
}

/** Where learned positions lie, and how that is known. */
interface Placement {
  readonly config: Partial<ViTConfig>;
  readonly grid: Grid | undefined;
  readonly prefix: number;
  readonly certain: boolean;
}

/**
 * How positions divide into those of the prefix tokens and a grid. What a file states is believed where it goes with
 * their number, then what the caller says; a square is the last guess.
 * @see timm's `resample_abs_pos_embed`, which takes tables for squares and leaves those of the right length as they are
 */
function placePositions(architecture: Architecture, known: Known, layout: Layout, where: string): Placement {
  const { positions, prefix, stride, scoredSide } = architecture;
  const sizeOf = (grid: Grid): [number, number] => [grid[0] * stride[0], grid[1] * stride[1]];
  const [stated, given] = [known.stated.imgSize, known.given.imgSize].map((size) => gridFor(size, stride));
  if (positions === undefined && stated === undefined && scoredSide !== undefined) {
    const grid = [scoredSide, scoredSide] as const;
    return { config: { imgSize: sizeOf(grid) }, grid, prefix: 0, certain: true };
  }
  if (positions === undefined) {
    return { config: {}, grid: undefined, prefix: 0, certain: stated !== undefined || given !== undefined };
  }
  if (typeof positions !== 'number') {
    return { config: { imgSize: sizeOf(positions) }, grid: positions, prefix: 0, certain: true };
  }
  const prefixless = known.stated.noEmbedClass ?? known.given.noEmbedClass;
  const prefixes = prefixless === undefined ? [prefix, 0] : [prefixless ? 0 : prefix];
  const places = [...new Set(prefixes)];
  const toldOf = (own: number): Grid | undefined =>
    [stated, given].find((grid) => grid !== undefined && grid[0] * grid[1] === positions - own);
  // A size that is told goes before any square that another number of prefix tokens would leave.
  for (const own of places.some(toldOf) ? places.filter(toldOf) : places) {
    const patches = positions - own;
    const fits = (grid: Grid | undefined): grid is Grid => grid !== undefined && grid[0] * grid[1] === patches;
    const told = toldOf(own);
    const side = Math.sqrt(patches);
    const grid = told ?? (patches > 0 && Number.isInteger(side) ? ([side, side] as const) : undefined);
    if (grid === undefined) continue;
    // Of padded images, the size is no multiple of the grid's.
    const imgSize = fits(stated) && known.stated.imgSize !== undefined ? known.stated.imgSize : sizeOf(grid);
    const config: Partial<ViTConfig> = { imgSize, noEmbedClass: own === 0 && prefix > 0 };
    return { config, grid, prefix: own, certain: told !== undefined || layout.square === true };
  }
  const advice =
    'Give the image size that the positions were learned for as option imgSize; with dynamicImgSize the model then takes others too.';
  throw fileError(`positions for a square of patches behind ${prefix} tokens`, where, `${positions} positions`, advice);
}

/** The grid of patches of images of a size. */
function gridFor(imgSize: ViTConfig['imgSize'] | undefined, stride: Architecture['stride']): Grid | undefined {
  if (imgSize === undefined) return undefined;
  const [height, width] = checkPair(imgSize, 'ViT imgSize', 1);
  return [Math.ceil(height / stride[0]), Math.ceil(width / stride[1])];
}
