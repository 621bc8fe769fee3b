/** Pictures of what a model has learned and looks at, as PNG files' bytes. */
export { type AttentionOptions, attention } from './attention.js';
export { attentionDistance, attentionDistances } from './attention-distance.js';
export { lrCurve } from './lr-curve.js';
export { type ObjectAttentionOptions, objectAttention } from './object-attention.js';
export { type PatchFilterOptions, patchFilters } from './patch-filters.js';
export { positionSimilarity } from './position-similarity.js';
export { type SegmentationOptions, segmentation } from './segmentation.js';
