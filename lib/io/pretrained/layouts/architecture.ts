import type { ViTConfig } from '../../../nn/vit/config.js';
import { fileError } from '../../formats/file-error.js';
import { sideOf } from '../bias-table.js';

/** Shapes of a checkpoint's tensors as our parameters would have them. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/** What the shapes of a checkpoint's tensors settle, and what they leave to be decided. */
export interface Architecture {
  /** The options that they leave no doubt of. */
  readonly config: Partial<ViTConfig>;
  /** Channels of a head, where anything tells them. */
  readonly headDim: number | undefined;
  /** Learned positions: how many, or for those by row and by column the grid itself. */
  readonly positions: number | readonly [number, number] | undefined;
  /** Tokens in front of the patches. */
  readonly prefix: number;
  /** The side of the square grid whose distances have learned scores (BEiT's), where there are such of a square. */
  readonly scoredSide: number | undefined;
  /** Pixels that go into one step of the grid, along (height, width). */
  readonly stride: readonly [number, number];
}

/**
 * Reads a model's options off the shapes of its weights.
 *
 * @throws TypeError when the patch embedding is missing
 */
export function readArchitecture(shapes: Shapes, where: string): Architecture {
  const projection = shapes.get('patch_embed.proj.weight');
  if (projection?.length !== 4) {
    const received = projection === undefined ? 'none' : `one of ${projection.length} axes`;
    const advice = shapes.has('blocks.0.attn.qkv.weight') ? '' : 'It may not be a ViT.';
    throw fileError('the weight of a patch embedding, of 4 axes', where, received, advice);
  }
  const [embedDim, channels, kh, kw] = projection as [number, number, number, number]; // checked above
  const stem = stemOf(shapes);
  const halvings = stem === undefined ? 0 : 2 + Math.max(0, stem.resnetLayers.length - 1);
  const first = (name: string): readonly number[] | undefined => shapes.get(`blocks.0.${name}`);
  const headDim = first('attn.q_norm.weight')?.[0];
  const finalNorm = shapes.has('norm.weight') || shapes.has('fc_norm.weight');
  const positions = positionsOf(shapes, embedDim);
  const config: Partial<ViTConfig> = {
    patchSize: [kh, kw],
    embedDim,
    inChans: stem?.inChans ?? channels,
    depth: depthOf(shapes),
    mlpRatio: ratioOf(hiddenOf(shapes) ?? 4 * embedDim, embedDim),
    qkvBias: first('attn.qkv.bias') !== undefined || first('attn.q_bias') !== undefined,
    qkNorm: headDim !== undefined,
    projBias: first('attn.proj.bias') !== undefined,
    initValues: first('ls1.gamma') === undefined ? undefined : 1e-5, // overwritten by the file's
    classToken: shapes.has('cls_token'),
    distilled: shapes.has('dist_token'),
    regTokens: shapes.get('reg_token')?.at(-2) ?? 0,
    preNorm: shapes.has('norm_pre.weight'),
    finalNorm,
    ...(finalNorm && { fcNorm: shapes.has('fc_norm.weight') }),
    representationSize: shapes.get('pre_logits.fc.weight')?.[0],
    numClasses: shapes.get('head.weight')?.[0] ?? shapes.get('head.bias')?.[0] ?? 0,
    resnetLayers: stem?.resnetLayers,
    ...(positions !== undefined && { posEmbed: typeof positions === 'number' ? 'learned1d' : 'learned2d' }),
    ...(shapes.has('attn_pool.latent') && { globalPool: 'map' }),
    ...partsOf(shapes, embedDim),
  };
  const stride = [kh * 2 ** halvings, kw * 2 ** halvings] as const;
  return { config, headDim, positions, prefix: prefixOf(shapes), scoredSide: scoredSideOf(shapes), stride };
}

/** The table has three rows that are the class token's. */
function scoredSideOf(shapes: Shapes): number | undefined {
  const tables = ['blocks.0.attn', 'rel_pos_bias'].map((owner) => shapes.get(`${owner}.relative_position_bias_table`));
  const entries = tables.find((shape) => shape !== undefined)?.[0];
  return entries === undefined ? undefined : sideOf(entries - 3);
}

/** The MLP's hidden width; a gated one makes twice that. */
function hiddenOf(shapes: Shapes): number | undefined {
  const [made, taken] = [shapes.get('blocks.0.mlp.fc1.weight')?.[0], shapes.get('blocks.0.mlp.fc2.weight')?.[1]];
  return made !== undefined && taken !== undefined && taken > 0 && made === 2 * taken ? taken : made;
}

/** The parts of families, but for rotary positions, which leave no tensors. */
function partsOf(shapes: Shapes, embedDim: number): Partial<ViTConfig> {
  const first = (name: string): readonly number[] | undefined => shapes.get(`blocks.0.${name}`);
  const [made, taken] = [first('mlp.fc1.weight')?.[0], first('mlp.fc2.weight')?.[1]];
  const table = 'relative_position_bias_table';
  const head = shapes.get('head.weight');
  return {
    normLayer: first('norm1.weight') !== undefined && !hasBias(shapes, 'norm1') ? 'rmsnorm' : 'layernorm',
    mlpLayer: made !== undefined && taken !== undefined && taken > 0 && made === 2 * taken ? 'swiglu' : 'mlp',
    mlpNorm: first('mlp.norm.weight') !== undefined,
    attnNorm: first('attn.norm.weight') !== undefined,
    keyBias: first('attn.q_bias') === undefined,
    ...(head && { headBias: shapes.has('head.bias') }),
    ...(head?.[1] === 2 * embedDim && { globalPool: 'tokenavg' }),
    relPosBias: first(`attn.${table}`) ? 'layers' : shapes.has(`rel_pos_bias.${table}`) ? 'shared' : 'none',
    maskToken: shapes.has('mask_token'),
  };
}

/** Whether any block's norm has one: a single bias that is not there is a tensor that is missing. */
function hasBias(shapes: Shapes, norm: string): boolean {
  return [...shapes.keys()].some((name) => name.startsWith('blocks.') && name.endsWith(`.${norm}.bias`));
}

/** A ratio of which the width makes just `hidden` when it is rounded down. */
export function ratioOf(hidden: number, width: number): number {
  const ratio = hidden / width;
  return Math.floor(width * ratio) === hidden ? ratio : ratio * (1 + Number.EPSILON);
}

function positionsOf(shapes: Shapes, width: number): Architecture['positions'] {
  const [x, y] = ['x', 'y'].map(
    (axis) => shapes.get(`pos_embed.${axis}`)?.[0] ?? shapes.get(`pos_embeds.0.${axis}`)?.[0],
  );
  if (x !== undefined && y !== undefined) return [y, x];
  const table = shapes.get('pos_embed') ?? shapes.get('pos_embeds.0');
  return table?.at(-1) === width ? table.at(-2) : undefined; // learned keys for distances are as wide as a head
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
