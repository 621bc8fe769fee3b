/** Data sets and loaders. */
export { type Dataset, loadIdxDataset } from './dataset.js';
export { loadImages } from './load-images.js';
export { type Batch, DataLoader, type DataLoaderOptions } from './loader.js';
