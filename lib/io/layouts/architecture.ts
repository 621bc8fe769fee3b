import type { ViTConfig, ViTOptions } from '../../nn/vit-config.js';
import { fileError } from '../file-error.js';

/** Shapes of a checkpoint's tensors as our parameters would have them. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/** What the shapes of a checkpoint tell of its model, and where its positions lie. */
export interface Architecture {
  readonly config: Partial<ViTConfig>;
  /** Rows and columns of patches that the positions are for; undefined without learned positions. */
  readonly grid: readonly [number, number] | undefined;
  /** Positions in front of the patches'. */
  readonly positionPrefix: number;
}

/** What is known of a model from elsewhere. */
export interface Known {
  /** By the files beside the weights. */
  readonly configured: Partial<ViTConfig>;
  /** By the caller. */
  readonly given: ViTOptions;
}

// timm's and the papers' models whose heads are not 64 wide: SoViT-400m, huge, giant, gigantic.
const headsOfWidth: Readonly<Record<number, number>> = { 1152: 16, 1280: 16, 1408: 16, 1664: 16 };

/**
 * Tells a model's options from the shapes of its weights.
 *
 * @throws TypeError when the patch embedding is missing, or what the shapes leave open is not known from elsewhere
 */
export function inferArchitecture(shapes: Shapes, known: Known, where: string): Architecture {
  const projection = shapes.get('patch_embed.proj.weight');
  if (projection?.length !== 4) {
    const received = projection === undefined ? 'none' : `one of ${projection.length} axes`;
    throw fileError('the weight of a patch embedding, of 4 axes', where, received, 'It may not be a ViT.');
  }
  const [embedDim, channels, kh, kw] = projection as [number, number, number, number]; // checked above
  const stem = stemOf(shapes);
  const depth = depthOf(shapes);
  const prefix = prefixOf(shapes);
  const patchSize: [number, number] = [kh, kw];
  const halvings = stem === undefined ? 0 : 2 + Math.max(0, stem.resnetLayers.length - 1);
  const { configured, given } = known;
  const grids = [configured.imgSize, given.imgSize].map((imgSize) => gridOf(imgSize, patchSize, halvings));
  const positions = positionsOf(shapes, prefix, grids, where);
  const first = (name: string): readonly number[] | undefined => shapes.get(`blocks.0.${name}`);
  const headDim = first('attn.q_norm.weight')?.[0];
  const finalNorm = shapes.has('norm.weight') || shapes.has('fc_norm.weight');
  const config: Partial<ViTConfig> = {
    patchSize,
    embedDim,
    inChans: stem?.inChans ?? channels,
    depth,
    numHeads: given.numHeads ?? configured.numHeads ?? usualHeads(embedDim, headDim),
    mlpRatio: (first('mlp.fc1.weight')?.[0] ?? 4 * embedDim) / embedDim,
    qkvBias: first('attn.qkv.bias') !== undefined,
    qkNorm: headDim !== undefined,
    projBias: first('attn.proj.bias') !== undefined,
    initValues: first('ls1.gamma') === undefined ? undefined : 1e-5, // overwritten by the file's
    classToken: shapes.has('cls_token'),
    distilled: shapes.has('dist_token'),
    regTokens: shapes.get('reg_token')?.at(-2) ?? 0,
    preNorm: shapes.has('norm_pre.weight'),
    finalNorm,
    fcNorm: shapes.has('fc_norm.weight'),
    globalPool: configured.globalPool ?? poolOf(shapes),
    representationSize: shapes.get('pre_logits.fc.weight')?.[0],
    numClasses: shapes.get('head.weight')?.[0] ?? shapes.get('head.bias')?.[0] ?? 0,
    posEmbed: configured.posEmbed ?? 'none',
    ...positions?.config,
    ...(stem && { resnetLayers: stem.resnetLayers }),
  };
  if (positions !== undefined) {
    config.imgSize = positions.grid.map((size, i) => size * (patchSize[i] ?? 1) * 2 ** halvings) as [number, number]; // of a pair
  }
  if (!Number.isInteger(config.numHeads)) {
    const advice = 'The weights do not tell it: give it as option numHeads.';
    throw fileError(`a width of 64 for each head, or numHeads`, where, `a model of width ${embedDim}`, advice);
  }
  return { config, grid: positions?.grid, positionPrefix: positions?.prefix ?? 0 };
}

function usualHeads(width: number, headDim: number | undefined): number {
  return headDim === undefined ? (headsOfWidth[width] ?? width / 64) : width / headDim;
}

/** One more than the last block's number; a file of few tensors cannot claim a model of a million blocks. */
function depthOf(shapes: Shapes): number {
  const numbers = new Set<number>();
  for (const name of shapes.keys()) {
    const number = /^blocks\.(\d+)\./.exec(name)?.[1];
    if (number !== undefined) numbers.add(Number(number));
  }
  return Math.max(1, Math.min(Math.max(0, ...numbers) + 1, 2 * numbers.size));
}

/** Tokens in front of the patches. */
function prefixOf(shapes: Shapes): number {
  const registers = shapes.get('reg_token')?.at(-2) ?? 0;
  return (shapes.has('cls_token') ? 1 : 0) + (shapes.has('dist_token') ? 1 : 0) + registers;
}

function poolOf(shapes: Shapes): ViTConfig['globalPool'] {
  if (shapes.has('attn_pool.latent')) return 'map';
  return shapes.has('cls_token') && !shapes.has('fc_norm.weight') ? 'token' : 'avg';
}

/** The ResNet in front of a hybrid's patch embedding. */
function stemOf(shapes: Shapes): { inChans: number; resnetLayers: number[] } | undefined {
  const name = ['stem.conv.weight', 'conv.weight'].find((end) => shapes.has(`patch_embed.backbone.${end}`));
  if (name === undefined) return undefined;
  const layers: number[] = [];
  while (layers.length < 4) {
    let blocks = 0;
    while (shapes.has(`patch_embed.backbone.stages.${layers.length}.blocks.${blocks}.conv1.weight`)) blocks++;
    if (blocks === 0) break;
    layers.push(blocks);
  }
  return { inChans: shapes.get(`patch_embed.backbone.${name}`)?.[1] ?? 3, resnetLayers: layers };
}

function gridOf(
  imgSize: ViTConfig['imgSize'] | undefined,
  patchSize: readonly [number, number],
  halvings: number,
): [number, number] | undefined {
  if (imgSize === undefined) return undefined;
  const [height, width] = typeof imgSize === 'number' ? [imgSize, imgSize] : imgSize;
  return [Math.ceil(height / 2 ** halvings / patchSize[0]), Math.ceil(width / 2 ** halvings / patchSize[1])];
}

interface Positions {
  config: Partial<ViTConfig>;
  grid: readonly [number, number];
  prefix: number;
}

/** How learned positions divide into those of the prefix tokens and a grid. */
function positionsOf(
  shapes: Shapes,
  prefix: number,
  [configured, given]: readonly (readonly [number, number] | undefined)[],
  where: string,
): Positions | undefined {
  const [x, y] = [shapes.get('pos_embed.x'), shapes.get('pos_embed.y')];
  if (x?.[0] !== undefined && y?.[0] !== undefined) {
    return { config: { posEmbed: 'learned2d' }, grid: [y[0], x[0]], prefix: 0 };
  }
  const count = shapes.get('pos_embed')?.at(-2);
  if (count === undefined) return undefined;
  for (const own of new Set([prefix, 0])) {
    const patches = count - own;
    const side = Math.sqrt(patches);
    const square = Number.isInteger(side) ? ([side, side] as const) : undefined;
    // The caller's size is the one to resize to, and tells the file's only where nothing else does.
    const grid = [configured, square, given].find((size) => size !== undefined && size[0] * size[1] === patches);
    if (patches > 0 && grid !== undefined) {
      return { config: { posEmbed: 'learned1d', noEmbedClass: own === 0 && prefix > 0 }, grid, prefix: own };
    }
  }
  const advice = 'Give the image size that the positions were learned for as option imgSize.';
  throw fileError(`positions for a square of patches behind ${prefix} tokens`, where, `${count} positions`, advice);
}
