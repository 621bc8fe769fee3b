import { clipStatistics, imagenetStatistics, standardFor } from '../preprocessing.js';
import type { Evidence, ModelSize } from './layout.js';

/** What timm's `pretrained_cfg` says of a model's images; where it says nothing, timm's own default. */
interface Usual {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly crop_pct: number;
  readonly interpolation?: string;
  readonly crop_mode?: string;
}

const inception = standardFor(3);
const unit = { mean: [0, 0, 0], std: [1, 1, 1] }; // pixels from 0 to 1 as they are

// By patterns of architectures, the first that fits. Source: the default_cfgs of timm 1.0.29, of the weights that it
// takes where only the architecture is named.
const statistics: readonly (readonly [RegExp, Pick<Usual, 'mean' | 'std'>])[] = [
  [/^vit_large_patch14_clip_(224|336)$/, inception], // LAION's
  [/_dinov3|_lingbot|^beit(v2|3)_|^eva_giant_patch14_560$/, imagenetStatistics],
  [/_clip_|^eva_large_|^eva02_|^eva_giant_|^vit_betwixt_.*_rope_reg4_/, clipStatistics],
  [/_tipsv2|_miil/, unit],
  [/^deit|_dinov2|^vit_intern|^vit_(giant|huge)_patch1[46]_gap_|^vit_small_patch8_/, imagenetStatistics],
];

/** Shares of the resized image that are cut out. */
const crops: readonly (readonly [RegExp, number])[] = [
  [/_miil/, 0.875],
  [/_dinov3|_lingbot|^beit3_/, 1],
  [/^beitv2_large_/, 0.95],
  [/^eva(02_|_giant_).*_224$|_base_patch32_clip_quickgelu_224$/, 0.9],
  [/^eva(02|_giant)_/, 1],
  [/^vit_base_patch16_clip_224$/, 0.95],
  [/^vit_(xsmall|medium|betwixt)_.*_clip_|^vit_base_patch32_clip_224$/, 0.9],
  [/_clip_|^eva_large_|_so150m2_|_tipsv2$|^vit_so400m_patch14_siglip_gap_(384|448|896)$/, 1],
  [/_siglip_|^vit_base_patch16_reg4_gap_256$/, 0.9],
  [/^flexivit_|^test_vit|_plus_|_gap_2[45]\d$|^vit_medium_patch16_gap_384$/, 0.95],
];

const squashed =
  /^vit_(base_patch16_clip_384|gigantic_patch14_clip_378|(large|huge)_patch14_clip_336|(?:base|large|small|giant)_patch16_lingbot|medium_patch16_gap_384|so150m2_.*_448)$|^eva_large_patch14_336$|^eva02_(base|large)_patch14_448$|^eva_giant_patch14_(336|560)$/;

/** How timm prepares images for a model that does not say: by its architecture's name, else by what its weights show. */
export function usualOf({ config, infos }: Evidence, size: ModelSize): Usual {
  const [architecture = ''] = (config?.string('architecture') ?? '').split('.');
  const known = statistics.find(([pattern]) => pattern.test(architecture))?.[1];
  const { mean, std } =
    size.inChans !== 3
      ? standardFor(size.inChans)
      : (known ?? (architecture === '' ? statisticsShownBy(infos, size) : inception));
  return {
    mean,
    std,
    crop_pct: crops.find(([pattern]) => pattern.test(architecture))?.[1] ?? (size.trained[0] >= 384 ? 1 : 0.9),
    ...(/_miil|_lingbot/.test(architecture) && { interpolation: 'bilinear' }),
    ...(squashed.test(architecture) && { crop_mode: 'squash' }),
  };
}

/** CLIP has a norm before its blocks; DeiT a second token, DeiT III and DINOv2 layer scale and a class token. */
function statisticsShownBy(infos: Evidence['infos'], { distilled }: ModelSize): Pick<Usual, 'mean' | 'std'> {
  if (infos.has('norm_pre.weight')) return clipStatistics;
  const layerScale = infos.has('blocks.0.ls1.gamma') || infos.has('blocks.0.gamma_1');
  return distilled || (layerScale && infos.has('cls_token')) ? imagenetStatistics : inception;
}
