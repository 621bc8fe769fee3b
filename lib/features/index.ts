/** What features of images are for: files of them, neighbours, classes by neighbours and by a linear head. */

export { attachProbe } from './attach-probe.js';
export { type ExtractOptions, extract, type ImageModel } from './extract.js';
export type { FeatureSet } from './feature-set.js';
export { type FeatureFacts, read, type SkippedImage, type StoredFeatures, write } from './files.js';
export { type KnnOptions, type KnnResult, knn } from './knn.js';
export { type LinearProbe, type LinearProbeOptions, linearProbe } from './linear-probe.js';
export { type NearestOptions, type Neighbours, nearest } from './nearest.js';
