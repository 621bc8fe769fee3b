/** The functions of `F`: every op on its own, differentiable. */
export { type GELUOptions, gelu, quickGelu, relu, tanh } from './activation.js';
export { adaptiveAvgPool2d } from './adaptive-avg-pool2d.js';
export { type AttentionOptions, type AttentionQkvOptions, attention, attentionQkv } from './attention.js';
export { type AvgPool2dOptions, avgPool2d } from './avg-pool2d.js';
export { type BatchNormOptions, batchNorm } from './batch-norm.js';
export type { Arithmetic } from './binary.js';
export { cat, stack } from './cat.js';
export { checkpoint } from './checkpoint.js';
export type { ClampOptions } from './clamp-options.js';
export * from './compare.js';
export { type Conv2dOptions, conv2d, patchEmbed } from './conv2d.js';
export * from './copies.js';
export { type CrossEntropyOptions, crossEntropy } from './cross-entropy.js';
export { cumsum } from './cumsum.js';
export * from './diagonal.js';
export { dropout, dropPath } from './dropout.js';
export { einsum } from './einsum.js';
export * from './elementwise.js';
export { type EmbeddingOptions, embedding } from './embedding.js';
export * from './expand.js';
export * from './extrema.js';
export * from './gather.js';
export { type GroupNormOptions, groupNorm } from './group-norm.js';
export { image2embConv, image2embNaive } from './image2emb.js';
export type { IndexItem, NestedIndex, SliceItem } from './index-items.js';
export { index } from './indexing.js';
export { type InterpolateOptions, type InterpolationMode, interpolate } from './interpolate.js';
export {
  type AddLayerNormResult,
  addLayerNorm,
  type LayerNormOptions,
  type LayerNormResultOptions,
  layerNorm,
} from './layer-norm.js';
export { type LinearOptions, linear } from './linear.js';
export * from './losses.js';
export { maskedFill } from './masked-fill.js';
export { type MatmulOptions, matmul } from './matmul.js';
export { maxPool2d } from './max-pool2d.js';
export { nonzero } from './nonzero.js';
export { outer } from './outer.js';
export { type Padding, pad } from './pad.js';
export { mean, sum } from './reduce.js';
export type { ReduceOptions } from './reduce-options.js';
export * from './reductions.js';
export * from './reshape.js';
export { rmsNorm } from './rms-norm.js';
export { type RotaryEmbeddingOptions, rotaryEmbedding, rotaryEmbeddingQkv } from './rotary-embedding.js';
export { type ScaledDotProductAttentionOptions, scaledDotProductAttention } from './scaled-dot-product-attention.js';
export * from './slice.js';
export { softmax } from './softmax.js';
export { argsort, type Sorted, type SortOptions, sort, type TopkOptions, topk } from './sort.js';
export { swiglu } from './swiglu.js';
export { tile } from './tile.js';
export * from './transpose.js';
export * from './unary.js';
export { type FoldOptions, fold, unfold, type WindowOptions } from './unfold.js';
export { where } from './where.js';
export { type WindowAttentionOptions, windowAttention } from './window-attention.js';
