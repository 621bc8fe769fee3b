import { checkPair } from '../../check.js';
import { BATCH, type OnnxGraph } from '../../onnx/graph.js';
import * as onnx from '../../onnx/operators.js';
import { LayerNorm } from '../layer-norm.js';
import type { Module } from '../module.js';
import { layerNormNodes, linearNodes, patchEmbedNodes, qkvNodes } from '../onnx.js';
import type { Grid } from '../resample.js';
import type { Attention } from './attention.js';
import type { AttentionPool } from './attention-pool.js';
import type { Block } from './block.js';
import { HybridEmbed } from './hybrid-embed.js';
import type { LayerScale } from './layer-scale.js';
import { Mlp, type SwiGLU } from './mlp.js';
import type { Norm } from './norm.js';
import { LearnedPositions1d, LearnedPositions2d, PositionEmbedding, sincosTable } from './position-embedding.js';
import { RelativePositionBias, relativeIndex } from './relative-position-bias.js';
import { RelativePositions } from './relative-positions.js';
import { resNetStemNodes } from './resnet-onnx.js';
import { featureSize } from './resnet-stem.js';
import { RotaryPositions } from './rotary.js';
import { type Turning, turningNodes, turnNodes } from './rotary-onnx.js';
import type { ViT } from './vit.js';

/** The whole model in evaluation, for images of the configuration's size: (N,C,H,W) to logits, or features. */
export function viTNodes(g: OnnxGraph, model: ViT): void {
  const { config } = model;
  const [height, width] = checkPair(config.imgSize, 'ViT imgSize', 1);
  const images = g.input('pixel_values', [BATCH, config.inChans, height, width]);
  const tokens = encoderNodes(g, model, images);
  const pooled = config.distilled ? distilledNodes(g, model, tokens) : headNodes(g, model, tokens);
  const last = config.numClasses > 0 ? config.numClasses : (config.representationSize ?? config.embedDim);
  const count = model.numPrefixTokens + model.grid[0] * model.grid[1];
  const shape = config.globalPool === '' ? [BATCH, count, last] : [BATCH, last];
  g.output(pooled, config.numClasses > 0 ? 'logits' : 'features', shape);
}

/** Over the last axis, of either kind. */
function normNodes(g: OnnxGraph, norm: Norm, x: string): string {
  if (norm instanceof LayerNorm) return layerNormNodes(g, norm, x);
  const weight = norm.weight && g.parameter(norm.weight);
  return onnx.rmsNorm(g, x, { ...(weight !== undefined && { weight }), eps: norm.eps });
}

/** Images (N,C,H,W) to normed tokens (N,T,D): those that the head reads. */
function encoderNodes(g: OnnxGraph, model: ViT, images: string): string {
  const { config, blocks } = model;
  const modules = model.namedModules();
  const { posEmbedPlacement: placement } = config;
  const positionsOf = (i: number): Module | undefined => modules.get('pos_embed') ?? modules.get(`pos_embeds.${i}`);
  const addPositions = (x: string, i: number): string => {
    const positions = positionsOf(i);
    return positions instanceof PositionEmbedding ? onnx.add(g, x, positionNodes(g, positions, config)) : x;
  };
  const rotary = modules.get('rope');
  const turning = rotary instanceof RotaryPositions ? turningNodes(g, rotary, model.grid) : undefined;
  const shared = modules.get('rel_pos_bias.relative_position_bias_table');
  const bias = shared instanceof RelativePositionBias ? scoreNodes(g, shared, model.grid) : undefined;
  let x = tokenNodes(g, model, images);
  if (placement === 'stem') x = addPositions(x, 0);
  if (model.normPre !== undefined) x = normNodes(g, model.normPre, x);
  for (const [i, block] of [...blocks].entries()) {
    if (placement !== 'stem') x = addPositions(x, i);
    const positions = placement === 'stem' && i > 0 ? undefined : positionsOf(i);
    const relative = positions instanceof RelativePositions ? positions : undefined;
    const outputs = i === blocks.length - 1 ? tokensRead(model) : undefined;
    x = blockNodes(g, block, x, { relative, turning, bias, grid: model.grid, outputs });
  }
  return model.norm === undefined ? x : normNodes(g, model.norm, x);
}

/** How many tokens, from the first, the head reads; undefined for all. */
function tokensRead({ config }: ViT): number | undefined {
  if (config.distilled) return 2;
  return config.globalPool === 'token' ? 1 : undefined;
}

/** Prefix tokens and patches, (N,T,D). */
function tokenNodes(g: OnnxGraph, model: ViT, images: string): string {
  const { patchEmbed, config } = model;
  const size = checkPair(config.imgSize, 'ViT imgSize', 1);
  let [features, featuresSize] = [images, size];
  if (patchEmbed instanceof HybridEmbed) {
    features = resNetStemNodes(g, patchEmbed.backbone, images, size);
    featuresSize = featureSize(size, config.resnetLayers?.length ?? 0) as [number, number]; // a pair
  }
  const patches = patchEmbedNodes(g, patchEmbed, features, featuresSize);
  const prefix = [model.clsToken, model.distToken, model.regToken].filter((token) => token !== undefined);
  if (prefix.length === 0) return patches;
  const tokens = onnx.concat(
    g,
    prefix.map((token) => g.parameter(token)),
    1,
  );
  return onnx.concat(g, [onnx.tileBatch(g, tokens, images, 3), patches], 1);
}

/** Absolute positions on the model's own grid, (1,T,D). */
function positionNodes(g: OnnxGraph, positions: PositionEmbedding, { noEmbedClass }: ViT['config']): string {
  const { grid, prefix, dim } = positions.sizes;
  const zeros = (): string => g.floats(new Float32Array(prefix * dim), [1, prefix, dim]);
  const behindZeros = (patches: string): string => (prefix === 0 ? patches : onnx.concat(g, [zeros(), patches], 1));
  if (positions instanceof LearnedPositions1d) {
    const table = g.parameter(positions.table);
    return noEmbedClass ? behindZeros(table) : table;
  }
  if (!(positions instanceof LearnedPositions2d)) {
    return behindZeros(g.floats(sincosTable(grid, dim), [1, grid[0] * grid[1], dim]));
  }
  const shape = g.integers([...grid, dim / 2]);
  const x = g.node('Expand', [onnx.reshape(g, g.parameter(positions.x), [1, grid[1], dim / 2]), shape]);
  const y = g.node('Expand', [onnx.reshape(g, g.parameter(positions.y), [grid[0], 1, dim / 2]), shape]);
  return behindZeros(onnx.reshape(g, onnx.concat(g, [x, y], 2), [1, grid[0] * grid[1], dim]));
}

interface BlockUse {
  relative?: RelativePositions | undefined;
  /** By which queries and keys are turned. */
  turning?: Turning | undefined;
  /** What is added to scores, (H,T,T). */
  bias?: string | undefined;
  /** Of the patches, for a table of the block's own. */
  grid?: Grid | undefined;
  /** How many tokens, from the first, are wanted. Default: all. */
  outputs?: number | undefined;
}

/** x (N,T,D) to (N,outputs,D) */
export function blockNodes(g: OnnxGraph, block: Block, x: string, use: BlockUse = {}): string {
  const { outputs } = use;
  const scaled = (branch: string, scale: LayerScale | undefined): string =>
    scale === undefined ? branch : onnx.mul(g, branch, g.parameter(scale.gamma));
  const wanted = outputs === undefined ? x : onnx.slice(g, x, 1, 0, outputs);
  const attended = attentionNodes(g, block.attn, normNodes(g, block.norm1, x), use);
  const y = onnx.add(g, wanted, scaled(attended, block.ls1));
  return onnx.add(g, y, scaled(mlpNodes(g, block.mlp, normNodes(g, block.norm2, y)), block.ls2));
}

/** x (N,T,D) to (N,outputs,D) */
function attentionNodes(g: OnnxGraph, attn: Attention, x: string, use: BlockUse): string {
  const { relative, turning, outputs } = use;
  const [heads, width] = [attn.numHeads, attn.dim / attn.numHeads];
  const parts = onnx.reshape(g, qkvNodes(g, attn, x), [0, -1, 3, heads, width]); // (N,T,3,H,D)
  const [q, k, v] = onnx
    .split(g, onnx.transpose(g, parts, [2, 0, 3, 1, 4]), 0, 3)
    .map((part) => onnx.squeeze(g, part, 0)) as [string, string, string]; // (N,H,T,D) each
  const placed = (part: string, norm: Norm | undefined): string => {
    const normed = norm === undefined ? part : normNodes(g, norm, part);
    return turning === undefined ? normed : turnNodes(g, turning, normed, width);
  };
  const [queries, keys] = [placed(q, attn.qNorm), placed(k, attn.kNorm)];
  const asked = outputs === undefined || relative !== undefined ? queries : onnx.slice(g, queries, 2, 0, outputs);
  const scale = 1 / Math.sqrt(width);
  const bias = biasNodes(g, attn, { ...use, queries, scale });
  const y = onnx.transpose(g, onnx.attention(g, [asked, keys, v], { scale, bias }), [0, 2, 1, 3]);
  const joined = onnx.reshape(g, y, [0, -1, attn.dim]);
  const first = relative !== undefined && outputs !== undefined ? onnx.slice(g, joined, 1, 0, outputs) : joined;
  return linearNodes(g, attn.proj, attn.norm === undefined ? first : normNodes(g, attn.norm, first));
}

/** All that is added to scores; undefined for nothing. */
function biasNodes(
  g: OnnxGraph,
  attn: Attention,
  { relative, bias, grid, outputs, queries, scale }: BlockUse & { queries: string; scale: number },
): string | undefined {
  if (relative !== undefined) return relativeNodes(g, relative, queries, scale);
  const table = attn.namedModules().get('relative_position_bias_table');
  const own = table instanceof RelativePositionBias && grid !== undefined ? scoreNodes(g, table, grid) : undefined;
  const all = own !== undefined && bias !== undefined ? onnx.add(g, own, bias) : (own ?? bias);
  return all === undefined || outputs === undefined ? all : onnx.slice(g, all, 1, 0, outputs);
}

/** BEiT's scores by distance, (H,T,T). */
function scoreNodes(g: OnnxGraph, { relativePositionBiasTable: table }: RelativePositionBias, grid: Grid): string {
  const tokens = grid[0] * grid[1] + 1;
  const scores = g.node('Gather', [g.parameter(table), g.integers([...relativeIndex(grid)])]); // (T*T,H)
  return onnx.transpose(g, onnx.reshape(g, scores, [tokens, tokens, -1]), [2, 0, 1]);
}

/** What relative positions add to the scores of queries (N,H,T,D): (N,H,T,T). See `relativeShift`. */
function relativeNodes(g: OnnxGraph, { table }: RelativePositions, queries: string, scale: number): string {
  const offsets = table.shape[0]; // (2T-1,D)
  const tokens = (offsets + 1) / 2;
  const scores = onnx.matmul(g, queries, onnx.transpose(g, g.parameter(table), [1, 0])); // (N,H,T,2T-1)
  const flat = onnx.reshape(g, scores, [0, 0, tokens * offsets]);
  // From (0,T-1) on, one less than a row at a time: each row begins one column further left.
  const shifted = onnx.slice(g, flat, 2, tokens - 1, tokens - 1 + tokens * (offsets - 1));
  const rows = onnx.reshape(g, shifted, [0, 0, tokens, offsets - 1]);
  return onnx.mul(g, onnx.slice(g, rows, 3, 0, tokens), g.scalar(scale));
}

/** x (..., D) */
export function mlpNodes(g: OnnxGraph, mlp: Mlp | SwiGLU, x: string): string {
  const made = linearNodes(g, mlp.fc1, x);
  const hidden = mlp instanceof Mlp ? onnx.activate(g, made, mlp.act) : gatedNodes(g, made);
  return linearNodes(g, mlp.fc2, mlp.norm === undefined ? hidden : normNodes(g, mlp.norm, hidden));
}

/** Gates and then values (..., 2*C) to silu(gate) * value (..., C) */
function gatedNodes(g: OnnxGraph, x: string): string {
  const [gates, values] = onnx.split(g, x, -1, 2) as [string, string]; // two halves
  return onnx.mul(g, onnx.activate(g, gates, 'silu'), values);
}

/** Tokens (N,T,D) to logits or features. */
function headNodes(g: OnnxGraph, model: ViT, tokens: string): string {
  let x = poolNodes(g, model, tokens);
  if (model.fcNorm !== undefined) x = normNodes(g, model.fcNorm, x);
  if (model.preLogits !== undefined) x = onnx.activate(g, linearNodes(g, model.preLogits.fc, x), 'tanh');
  return model.head === undefined ? x : linearNodes(g, model.head, x);
}

/** The mean of what both heads say. */
function distilledNodes(g: OnnxGraph, model: ViT, tokens: string): string {
  const said = [model.head, model.headDist].map((head, i) => {
    const token = onnx.squeeze(g, onnx.slice(g, tokens, 1, i, i + 1), 1);
    const x = model.fcNorm === undefined ? token : normNodes(g, model.fcNorm, token);
    return head === undefined ? x : linearNodes(g, head, x);
  }) as [string, string]; // of two heads
  return onnx.mul(g, onnx.add(g, ...said), g.scalar(0.5));
}

/** Tokens (N,T,D) to (N,D), or to themselves with ''. */
function poolNodes(g: OnnxGraph, model: ViT, tokens: string): string {
  const { globalPool } = model.config;
  if (globalPool === '') return tokens;
  if (globalPool === 'token') return onnx.squeeze(g, onnx.slice(g, tokens, 1, 0, 1), 1);
  const [prefix, patches] = [model.numPrefixTokens, model.grid[0] * model.grid[1]];
  const read = prefix === 0 ? tokens : onnx.slice(g, tokens, 1, prefix, prefix + patches);
  if (model.attnPool !== undefined) return attentionPoolNodes(g, model.attnPool, read);
  const mean = (): string => g.node('ReduceMean', [read], { axes: [1], keepdims: 0 });
  if (globalPool === 'tokenavg') {
    return onnx.concat(g, [onnx.squeeze(g, onnx.slice(g, tokens, 1, 0, 1), 1), mean()], 1);
  }
  const max = (): string => g.node('ReduceMax', [read], { axes: [1], keepdims: 0 });
  if (globalPool === 'avg') return mean();
  return globalPool === 'max' ? max() : onnx.mul(g, onnx.add(g, max(), mean()), g.scalar(0.5));
}

/** Tokens (N,T,D) to (N,D) */
export function attentionPoolNodes(g: OnnxGraph, pool: AttentionPool, tokens: string): string {
  const heads = pool.numHeads;
  const dim = pool.latent.size;
  const width = dim / heads;
  const q = onnx.reshape(g, linearNodes(g, pool.q, g.parameter(pool.latent)), [1, heads, 1, width]);
  const parts = onnx.reshape(g, linearNodes(g, pool.kv, tokens), [0, -1, 2, heads, width]);
  const [k, v] = onnx
    .split(g, onnx.transpose(g, parts, [2, 0, 3, 1, 4]), 0, 2)
    .map((part) => onnx.squeeze(g, part, 0)) as [string, string]; // (N,H,T,D) each
  const gathered = onnx.attention(g, [q, k, v], { scale: 1 / Math.sqrt(width) }); // (N,H,1,D)
  const pooled = linearNodes(g, pool.proj, onnx.reshape(g, gathered, [0, dim]));
  return onnx.add(g, pooled, mlpNodes(g, pool.mlp, normNodes(g, pool.norm, pooled)));
}
