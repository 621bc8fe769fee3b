import { sizeOf } from '../check.js';
import type { Tensor } from '../tensor.js';
import { Conv2d } from './conv2d.js';
import { Linear } from './linear.js';
import { LoraBranch } from './lora-branch.js';
import type { Module } from './module.js';
import { MultiheadAttention } from './multihead-attention.js';
import { PatchEmbed } from './patch-embed.js';
import { StdConv2d } from './std-conv2d.js';
import { CosineWindowAttention, SwinAttention } from './swin/window-attention.js';
import { Attention } from './vit/attention.js';
import { AttentionPool } from './vit/attention-pool.js';
import { RelativePositions } from './vit/relative-positions.js';

/**
 * The multiply-adds of one call of a module's `forward`, those of the modules inside it not counted. Products of
 * matrices count, attention's among them; norms, activations and sums do not, as is usual.
 */
export function ownMultiplyAdds(module: Module, inputs: readonly unknown[], output: Tensor): number {
  const shapeOf = (i: number): readonly number[] => (inputs[i] as Tensor | undefined)?.shape ?? [];
  if (module instanceof Linear) return output.size * module.inFeatures;
  if (module instanceof LoraBranch) return (sizeOf(shapeOf(0)) + output.size) * module.rank;
  if (module instanceof Conv2d || module instanceof StdConv2d) return output.size * perOutput(module.weight);
  if (module instanceof PatchEmbed) return output.size * perOutput(module.proj.weight);
  if (module instanceof Attention) {
    const [batch = 0, tokens = 0, width = 0] = shapeOf(0);
    return 2 * batch * tokens * tokens * width;
  }
  if (module instanceof SwinAttention) return ofWindows(module, shapeOf(0));
  if (module instanceof RelativePositions) {
    const tokens = output.shape[3] ?? 0; // (B,H,T,T)
    return sizeOf(shapeOf(0)) * (2 * tokens - 1);
  }
  if (module instanceof AttentionPool) return 2 * sizeOf(shapeOf(0));
  if (module instanceof MultiheadAttention) return ofMultihead(module, shapeOf(0), shapeOf(1));
  return 0;
}

/** Products that go into one element of a convolution's output. */
function perOutput(weight: Tensor): number {
  return sizeOf(weight.shape.slice(1));
}

/** Each token's scores are those of its window; zeros that fill up windows count. */
function ofWindows(module: SwinAttention, shape: readonly number[]): number {
  const [batch = 0, ...grid] = shape;
  const { window, dim } = module.settings;
  const padded = batch * window.reduce((product, size, i) => product * size * Math.ceil((grid[i] ?? 0) / size), 1);
  // Version 2 multiplies by the weight of `qkv` without calling it; then it is not seen as a `Linear`.
  const unseen = module instanceof CosineWindowAttention && module.qkv.lora === undefined && module.qBias !== undefined;
  return padded * dim * (2 * window[0] * window[1] + (unseen ? 3 * dim : 0));
}

/** Both projections of the inputs, and attention itself; the output's projection is a `Linear`. */
function ofMultihead(module: MultiheadAttention, query: readonly number[], key: readonly number[]): number {
  const { embedDim, batchFirst, kdim, vdim } = module;
  const [batch = 0, queries = 0] = batchFirst ? query : [query[1], query[0]];
  const [, keys = queries] = batchFirst ? key : [key[1], key[0]];
  const projections = (queries * embedDim + keys * (kdim + vdim)) * embedDim;
  return batch * (projections + 2 * queries * keys * embedDim);
}
