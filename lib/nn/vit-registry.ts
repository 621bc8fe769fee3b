import { expected } from '../check.js';
import type { ViTConfig } from './vit-config.js';

// Width, depth and heads: Dosovitskiy et al. 2021, table 1; tiny and small: Touvron et al. 2021 (DeiT), table 1.
const SIZES: Record<string, Pick<ViTConfig, 'embedDim' | 'depth' | 'numHeads'>> = {
  tiny: { embedDim: 192, depth: 12, numHeads: 3 },
  small: { embedDim: 384, depth: 12, numHeads: 6 },
  base: { embedDim: 768, depth: 12, numHeads: 12 },
  large: { embedDim: 1024, depth: 24, numHeads: 16 },
  huge: { embedDim: 1280, depth: 32, numHeads: 16 },
};
const PATCHES = [8, 14, 16, 32];
const IMAGES = [224, 384];

/** The names that `ViT.create` knows: `vit_<size>_patch<p>_<image>`. */
export function modelNames(): string[] {
  return Object.keys(SIZES).flatMap((size) =>
    IMAGES.flatMap((image) =>
      PATCHES.filter((patch) => image % patch === 0).map((patch) => `vit_${size}_patch${patch}_${image}`),
    ),
  );
}

/** The configuration behind a name; throws TypeError for a name that is none. */
export function configOf(name: string): Partial<ViTConfig> {
  const [, size = '', patch, image] = /^vit_([a-z]+)_patch(\d+)_(\d+)$/.exec(name) ?? [];
  const dims = SIZES[size];
  if (dims === undefined || !modelNames().includes(name)) {
    throw expected(`a model name such as ${modelNames().slice(0, 3).join(', ')}`, 'ViT.create', name, 'See ViT.list().');
  }
  return { ...dims, patchSize: Number(patch), imgSize: Number(image) };
}
