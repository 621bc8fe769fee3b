/** The functions of `F`: every op on its own, differentiable. */
export { gelu, relu } from './activation.js';
export { attention, attentionQkv } from './attention.js';
export { cat } from './cat.js';
export { conv2d, patchEmbed } from './conv2d.js';
export { crossEntropy } from './cross-entropy.js';
export { dropPath, dropout } from './dropout.js';
export { add, mul } from './elementwise.js';
export { embedding } from './embedding.js';
export { image2embConv, image2embNaive } from './image2emb.js';
export { addLayerNorm, layerNorm } from './layer-norm.js';
export { linear } from './linear.js';
export { matmul } from './matmul.js';
export { mean, sum } from './reduce.js';
export { slice } from './slice.js';
export { softmax } from './softmax.js';
export { tile } from './tile.js';
export { permute, reshape, transpose } from './transpose.js';
export { fold, unfold } from './unfold.js';
