/** Data sets and loaders. */
export type { AugmentOptions } from './augment/augment.js';
export { type ArrayDataset, digitsPath, loadIdxDataset } from './dataset.js';
export { type ClearCacheOptions, type ClearedCache, clearCache } from './feed/cache-folder.js';
export type { FeedOptions } from './feed/image-feed.js';
export type { Transform, TransformContext } from './feed/transform.js';
export type { TransformWorkers } from './feed/transform-runner.js';
export { loadImages } from './load-images.js';
export { type Batch, DataLoader, type DataLoaderOptions, type LoaderState } from './loader.js';
export {
  type CropAugmentOptions,
  DINO_AUGMENT,
  type MultiCropBatch,
  MultiCropLoader,
  type MultiCropLoaderOptions,
} from './multi-crop-loader.js';
export { type BalancedOptions, balanced, type Sampler } from './sets/balanced.js';
export { type Cifar100Options, cifar10, cifar100 } from './sets/cifar.js';
export { concat, type SplitOptions, split, subset } from './sets/combine.js';
export { type CsvOptions, csv } from './sets/csv.js';
export type { Dataset } from './sets/dataset.js';
export { type Fold, folds, type KFoldOptions } from './sets/folds.js';
export { type ArrayParts, fromArrays } from './sets/from-arrays.js';
export { fromSamples, type SamplesOptions } from './sets/from-samples.js';
export { idx } from './sets/idx.js';
export { type ImageFolder, type ImageFolderOptions, imageFolder } from './sets/image-folder.js';
export type { ImageList, PixelSet } from './sets/list.js';
export { type ParquetOptions, parquet } from './sets/parquet.js';
export type { ArchivedImage, ImageSource, RawImage, Sample } from './sets/sample.js';
export { type SampleSource, SampleStream, type StreamOptions, stream } from './sets/stream.js';
export { type TarOptions, tar } from './sets/tar.js';
