/** Data sets and loaders. */
export { type Dataset, loadIdxDataset } from './dataset.js';
export { type Batch, DataLoader, type DataLoaderOptions } from './loader.js';
export { loadImages } from './preprocess.js';
