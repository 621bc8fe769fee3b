import { checkPair } from '../../check.js';
import { BATCH, type OnnxGraph } from '../../onnx/graph.js';
import * as onnx from '../../onnx/operators.js';
import { layerNormNodes, linearNodes, patchEmbedNodes, qkvNodes } from '../onnx.js';
import type { Grid } from '../resample.js';
import { mlpNodes } from '../vit/onnx.js';
import type { SwinBlock } from './block.js';
import type { PatchMerging } from './patch-merging.js';
import type { Swin } from './swin.js';
import { CosineWindowAttention, MOST_LOGIT_SCALE, type SwinAttention, WindowAttention } from './window-attention.js';
import { positionIndex, shiftMask } from './window-tables.js';

// What normalize() divides by at least.
const LEAST_NORM = 1e-12;

/** Tokens (N,H,W,C) of a known grid. */
interface Tokens {
  x: string;
  grid: Grid;
}

/** The whole model in evaluation: (N,C,H,W) to logits, or features. */
export function swinNodes(g: OnnxGraph, model: Swin): void {
  const { config, grid } = model;
  const size = checkPair(config.imgSize, 'Swin imgSize', 1);
  const images = g.input('pixel_values', [BATCH, config.inChans, ...size]);
  const patches = layerNormNodes(g, model.patchEmbed.norm, patchEmbedNodes(g, model.patchEmbed, images, size));
  let tokens: Tokens = { x: onnx.reshape(g, patches, [0, ...grid, config.embedDim]), grid };
  for (const stage of model.layers) {
    if (stage.downsample !== undefined) tokens = mergingNodes(g, stage.downsample, tokens);
    for (const block of stage.blocks) tokens = { x: blockNodes(g, block, tokens), grid: tokens.grid };
  }
  const normed = layerNormNodes(g, model.norm, tokens.x);
  const pools = config.globalPool === 'avg';
  const pooled = pools ? g.node('ReduceMean', [normed], { axes: [1, 2], keepdims: 0 }) : normed;
  const { fc } = model.head;
  const last = fc?.outFeatures ?? model.norm.width;
  const y = fc === undefined ? pooled : linearNodes(g, fc, pooled);
  g.output(y, fc === undefined ? 'features' : 'logits', pools ? [BATCH, last] : [BATCH, ...tokens.grid, last]);
}

/** Zeros below and at the right. */
function padNodes(g: OnnxGraph, x: string, below: number, right: number): string {
  if (below + right === 0) return x;
  return g.node('Pad', [x, g.integers([0, 0, 0, 0, 0, below, right, 0]), g.scalar(0)]);
}

function mergingNodes(g: OnnxGraph, merging: PatchMerging, { x, grid }: Tokens): Tokens {
  const [h, w] = [Math.ceil(grid[0] / 2), Math.ceil(grid[1] / 2)];
  const even = padNodes(g, x, 2 * h - grid[0], 2 * w - grid[1]);
  const pairs = onnx.reshape(g, even, [0, h, 2, w, 2, merging.dim]);
  const four = onnx.reshape(g, onnx.transpose(g, pairs, [0, 1, 3, 4, 2, 5]), [0, h, w, 4 * merging.dim]);
  const { norm, reduction, version } = merging;
  const y =
    version === 1
      ? linearNodes(g, reduction, layerNormNodes(g, norm, four))
      : layerNormNodes(g, norm, linearNodes(g, reduction, four));
  return { x: y, grid: [h, w] };
}

function blockNodes(g: OnnxGraph, block: SwinBlock, { x, grid }: Tokens): string {
  if (block.version === 2) {
    const y = onnx.add(g, x, layerNormNodes(g, block.norm1, attentionNodes(g, block.attn, { x, grid })));
    return onnx.add(g, y, layerNormNodes(g, block.norm2, mlpNodes(g, block.mlp, y)));
  }
  const normed = layerNormNodes(g, block.norm1, x);
  const y = onnx.add(g, x, attentionNodes(g, block.attn, { x: normed, grid }));
  return onnx.add(g, y, mlpNodes(g, block.mlp, layerNormNodes(g, block.norm2, y)));
}

/** x rolled by so many along an axis of a known size. */
function rollNodes(g: OnnxGraph, x: string, axis: number, size: number, by: number): string {
  if (by === 0) return x;
  return onnx.concat(g, [onnx.slice(g, x, axis, by, size), onnx.slice(g, x, axis, 0, by)], axis);
}

function attentionNodes(g: OnnxGraph, attn: SwinAttention, { x, grid }: Tokens): string {
  const { dim, numHeads, window, shift } = attn.settings;
  const [h, w] = [0, 1].map((axis) => Math.ceil(grid[axis as 0 | 1] / window[axis as 0 | 1])) as [number, number]; // of two axes
  const [rows, columns] = [h * window[0], w * window[1]];
  const rolled = rollNodes(g, rollNodes(g, x, 1, grid[0], shift[0]), 2, grid[1], shift[1]);
  const padded = padNodes(g, rolled, rows - grid[0], columns - grid[1]);
  const cut = onnx.reshape(g, padded, [0, h, window[0], w, window[1], dim]);
  const tokens = window[0] * window[1];
  const windows = onnx.reshape(g, onnx.transpose(g, cut, [0, 1, 3, 2, 4, 5]), [0, h * w, tokens, dim]);
  const y = linearNodes(g, attn.proj, mixNodes(g, attn, windows, { windows: [h, w], heads: numHeads }));
  const back = onnx.transpose(g, onnx.reshape(g, y, [0, h, w, ...window, dim]), [0, 1, 3, 2, 4, 5]);
  const whole = onnx.reshape(g, back, [0, rows, columns, dim]);
  const inside = rows > grid[0] ? onnx.slice(g, whole, 1, 0, grid[0]) : whole;
  const own = columns > grid[1] ? onnx.slice(g, inside, 2, 0, grid[1]) : inside;
  const [down, right] = [grid[0] - shift[0], grid[1] - shift[1]];
  return rollNodes(g, rollNodes(g, own, 1, grid[0], down % grid[0]), 2, grid[1], right % grid[1]);
}

/** Windows (N,W,T,C) to (N,W,T,C): attention within each. */
function mixNodes(
  g: OnnxGraph,
  attn: SwinAttention,
  x: string,
  { windows, heads }: { windows: Grid; heads: number },
): string {
  const { dim, window, shift } = attn.settings;
  const [tokens, width] = [window[0] * window[1], dim / heads];
  const parts = onnx.reshape(
    g,
    attn instanceof CosineWindowAttention ? qkvNodes(g, attn, x) : linearNodes(g, attn.qkv, x),
    [0, windows[0] * windows[1], tokens, 3, heads * width],
  );
  const split = onnx.reshape(g, parts, [0, windows[0] * windows[1], tokens, 3 * heads, width]);
  const [q, k, v] = onnx.split(g, onnx.transpose(g, split, [0, 1, 3, 2, 4]), 2, 3) as [string, string, string]; // (N,W,heads,T,D)
  const products = (a: string, b: string): string => onnx.matmul(g, a, onnx.transpose(g, b, [0, 1, 2, 4, 3]));
  let scores: string;
  if (attn instanceof CosineWindowAttention) {
    const limited = g.node('Min', [g.parameter(attn.logitScale), g.scalar(MOST_LOGIT_SCALE)]);
    scores = onnx.mul(g, products(unitNodes(g, q), unitNodes(g, k)), g.node('Exp', [limited]));
  } else {
    scores = products(onnx.mul(g, q, g.scalar(1 / Math.sqrt(width))), k);
  }
  scores = onnx.add(g, scores, biasNodes(g, attn, heads));
  if (shift[0] + shift[1] > 0) scores = onnx.add(g, scores, maskNodes(g, attn, windows));
  const y = onnx.transpose(g, onnx.matmul(g, onnx.softmax(g, scores), v), [0, 1, 3, 2, 4]);
  return onnx.reshape(g, y, [0, windows[0] * windows[1], tokens, dim]);
}

/** Rows of length 1. */
function unitNodes(g: OnnxGraph, x: string): string {
  const length = g.node('ReduceL2', [x], { axes: [-1], keepdims: 1 });
  return onnx.div(g, x, g.node('Max', [length, g.scalar(LEAST_NORM)]));
}

/** By relative position, (heads,T,T). */
function biasNodes(g: OnnxGraph, attn: SwinAttention, heads: number): string {
  const { window } = attn.settings;
  const tokens = window[0] * window[1];
  const entries = g.integers(positionIndex(window));
  const spread = onnx.reshape(g, g.node('Gather', [tableNodes(g, attn), entries]), [tokens, tokens, heads]);
  return onnx.transpose(g, spread, [2, 0, 1]);
}

function tableNodes(g: OnnxGraph, attn: SwinAttention): string {
  if (attn instanceof WindowAttention) return g.parameter(attn.relativePositionBiasTable);
  const { coordinates, cpbMlp } = attn as CosineWindowAttention; // the other of two
  const [first, , second] = [...cpbMlp] as Parameters<typeof linearNodes>[1][]; // linear layers, and ReLU between
  const distances = g.floats(coordinates, [coordinates.length / 2, 2]);
  const hidden = onnx.activate(g, linearNodes(g, first as never, distances), 'relu');
  return onnx.mul(g, g.node('Sigmoid', [linearNodes(g, second as never, hidden)]), g.scalar(16));
}

/** (windows,1,T,T) */
function maskNodes(g: OnnxGraph, { settings: { window, shift } }: SwinAttention, [h, w]: Grid): string {
  const tokens = window[0] * window[1];
  return g.floats(shiftMask(window, shift, [h, w]), [h * w, 1, tokens, tokens]);
}
