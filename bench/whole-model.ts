import { nn, ViT } from '../lib/index.js';
import { type BenchModel, benchModel, forwardFlops, type ModelOverrides } from './model.js';
import { swinFlops, swinModel } from './swin-model.js';
import type { ModelSizes, SwinSizes } from './work.js';

/** A model whose whole step is timed. */
export type WholeSizes = ModelSizes | SwinSizes;

/** A ViT or a Swin by its name; throws TypeError for another. */
export function wholeModel(name: string, overrides?: ModelOverrides): BenchModel<WholeSizes> {
  return swinModel(name, overrides) ?? benchModel(name, overrides);
}

/** Floating-point operations of one image's way through the matrix products, forward. */
export function wholeFlops(sizes: WholeSizes): number {
  return 'depths' in sizes ? swinFlops(sizes) : forwardFlops(sizes);
}

/** The model, with random weights; nothing is dropped at random. */
export function buildModel(sizes: WholeSizes): ViT | nn.Swin {
  return 'depths' in sizes ? new nn.Swin({ ...sizes, dropPathRate: 0 }) : new ViT(sizes);
}
