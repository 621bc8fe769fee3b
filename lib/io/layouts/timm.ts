import { expected } from '../../check.js';
import { imagenetStatistics, type Preprocessing, standardFor } from '../preprocessing.js';
import type { Layout, ModelSize } from './layout.js';
import type { Rule } from './rules.js';
import { fromTimmConfig } from './timm-config.js';

/** Our names are timm's. */
export const timmRules: readonly Rule[] = [
  // As the authors of DeiT III (and timm, on loading their files) name LayerScale.
  { file: 'blocks.*.gamma_1', own: 'blocks.*.ls1.gamma', alias: true },
  { file: 'blocks.*.gamma_2', own: 'blocks.*.ls2.gamma', alias: true },
  { file: '**', own: '**' },
];

export const timm: Layout = {
  name: 'timm',
  marks: /^(patch_embed\.|blocks\.|cls_token$|pos_embed$)/,

  read: ({ infos }) => ({
    names: new Map([...infos.keys()].map((name) => [name, name])),
    rules: timmRules,
    spell: (name) => name,
  }),

  configure: ({ config, infos }) => ({
    // The norm before the blocks is CLIP's, and its epsilon OpenAI's, PyTorch's default.
    ...(infos.has('norm_pre.weight') && { normEps: 1e-5 }),
    ...(config && fromTimmConfig(config)),
  }),

  usual: { normEps: 1e-6, act: 'gelu' },

  preprocessing({ config, infos }, size) {
    const given = config?.object('pretrained_cfg');
    const usual = usualPreprocessing(size, infos.has('blocks.0.ls1.gamma') || infos.has('blocks.0.gamma_1'));
    const cropShare = given?.number('crop_pct', 1e-3) ?? usual.cropShare;
    const resized = size.imgSize.map((pixels) => Math.floor(pixels / cropShare)) as [number, number]; // of a pair
    const squash = given?.string('crop_mode') === 'squash' || resized[0] !== resized[1];
    return {
      resize: squash ? resized : resized[0],
      crop: size.imgSize,
      interpolation: interpolationOf(given?.string('interpolation') ?? 'bicubic'),
      mean: given?.numbers('mean') ?? usual.mean,
      std: given?.numbers('std') ?? usual.std,
      cropPct: cropShare,
    };
  },

  statesPreprocessing: ({ config }) => config?.object('pretrained_cfg') !== undefined,

  positionResize: 'bicubic-antialias',
};

/** timm's default_cfgs of vision_transformer.py and, with their own statistics, of deit.py. */
function usualPreprocessing({ trained, distilled, inChans }: ModelSize, layerScale: boolean) {
  const deit = (distilled || layerScale) && inChans === 3;
  return { cropShare: trained[0] >= 384 ? 1 : 0.9, ...(deit ? imagenetStatistics : standardFor(inChans)) };
}

function interpolationOf(name: string): Preprocessing['interpolation'] {
  // timm draws one of several at random in training and uses bicubic in evaluation.
  if (name === 'random') return 'bicubic';
  if (name === 'bilinear' || name === 'bicubic' || name === 'nearest' || name === 'lanczos') return name;
  throw expected('bilinear, bicubic, nearest or lanczos', 'the interpolation of pretrained_cfg', name);
}

/** Our own: names and conventions are timm's, and the file says all the rest. */
export const vitrine: Layout = { ...timm, name: 'vitrine' };
