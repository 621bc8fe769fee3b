import { expected } from '../../check.js';
import type { ViTConfig } from './config.js';

type Config = Partial<ViTConfig>;
type Size = Pick<ViTConfig, 'embedDim' | 'depth' | 'numHeads'>;

// Width, depth and heads: Dosovitskiy et al. 2021, table 1; tiny and small: Touvron et al. 2021 (DeiT), table 1;
// medium: timm's DeiT-III.
const SIZES = {
  tiny: { embedDim: 192, depth: 12, numHeads: 3 },
  small: { embedDim: 384, depth: 12, numHeads: 6 },
  medium: { embedDim: 512, depth: 12, numHeads: 8 },
  base: { embedDim: 768, depth: 12, numHeads: 12 },
  large: { embedDim: 1024, depth: 24, numHeads: 16 },
  huge: { embedDim: 1280, depth: 32, numHeads: 16 },
} satisfies Record<string, Size>;

const PATCHES = [8, 14, 16, 32];
const IMAGES = [224, 384];

/** The paper's models: `vit_<size>_patch<p>_<image>`. */
function plain(): [string, Config][] {
  const sizes = ['tiny', 'small', 'base', 'large', 'huge'] as const;
  return sizes.flatMap((size) =>
    IMAGES.flatMap((imgSize) =>
      PATCHES.filter((patchSize) => imgSize % patchSize === 0).map((patchSize): [string, Config] => [
        `vit_${size}_patch${patchSize}_${imgSize}`,
        { ...SIZES[size], patchSize, imgSize },
      ]),
    ),
  );
}

/** Hybrids behind a ResNet. @see Steiner et al. 2022 (How to train your ViT); R50 at stride 16: the paper */
function hybrid(): [string, Config][] {
  const r26 = { patchSize: 1, resnetLayers: [2, 2, 2, 2] };
  const models: [string, Config, readonly number[]][] = [
    ['vit_tiny_r_s16_p8', { ...SIZES.tiny, patchSize: 8, resnetLayers: [] }, IMAGES],
    ['vit_small_r26_s32', { ...SIZES.small, ...r26 }, IMAGES],
    ['vit_base_r26_s32', { ...SIZES.base, ...r26 }, [224]],
    ['vit_base_r50_s16', { ...SIZES.base, patchSize: 1, resnetLayers: [3, 4, 9] }, IMAGES],
    ['vit_large_r50_s32', { ...SIZES.large, patchSize: 1, resnetLayers: [3, 4, 6, 3] }, IMAGES],
  ];
  return models.flatMap(([name, config, images]) =>
    images.map((imgSize): [string, Config] => [`${name}_${imgSize}`, { ...config, imgSize }]),
  );
}

/** Those of DeiT. @see Touvron et al. 2021 */
function deit(): [string, Config][] {
  const sizes = ['tiny', 'small', 'base'] as const;
  return [false, true].flatMap((distilled) =>
    sizes.flatMap((size) =>
      (size === 'base' ? IMAGES : [224]).map((imgSize): [string, Config] => [
        `deit_${size}${distilled ? '_distilled' : ''}_patch16_${imgSize}`,
        { ...SIZES[size], patchSize: 16, imgSize, distilled },
      ]),
    ),
  );
}

/** Those of DeiT III. @see Touvron, Cord and Jegou 2022 */
function deit3(): [string, Config][] {
  const models: [keyof typeof SIZES, number, readonly number[]][] = [
    ['small', 16, IMAGES],
    ['medium', 16, [224]],
    ['base', 16, IMAGES],
    ['large', 16, IMAGES],
    ['huge', 14, [224]],
  ];
  return models.flatMap(([size, patchSize, images]) =>
    images.map((imgSize): [string, Config] => [
      `deit3_${size}_patch${patchSize}_${imgSize}`,
      { ...SIZES[size], patchSize, imgSize, noEmbedClass: true, initValues: 1e-6 },
    ]),
  );
}

const MODELS: ReadonlyMap<string, Config> = new Map([...plain(), ...hybrid(), ...deit(), ...deit3()]);

/** The names that `ViT.create` knows; timm's, where timm has the model. */
export function modelNames(): string[] {
  return [...MODELS.keys()];
}

/** The configuration behind a name; throws TypeError for a name that is none. */
export function configOf(name: string): Config {
  const config = MODELS.get(name);
  if (config === undefined) {
    throw expected(
      `a model name such as ${modelNames().slice(0, 3).join(', ')}`,
      'ViT.create',
      name,
      'See ViT.list().',
    );
  }
  return config;
}
