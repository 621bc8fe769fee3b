import { JsonFields } from '../json-fields.js';
import { imagenetStatistics, ownPreprocessing, standardFor } from '../preprocessing.js';
import type { Layout, ModelSize } from './layout.js';
import type { Rule } from './rules.js';
import { fromTimmConfig } from './timm-config.js';
import { timmPreprocessing } from './timm-preprocessing.js';

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
    if (given !== undefined) return timmPreprocessing(given, size);
    return usualPreprocessing(size, infos.has('blocks.0.ls1.gamma') || infos.has('blocks.0.gamma_1'));
  },

  statesPreprocessing: ({ config }) => config?.object('pretrained_cfg') !== undefined,

  positionResize: 'bicubic-antialias',
};

/** timm's default_cfgs of vision_transformer.py and, with their own statistics, of deit.py. */
function usualPreprocessing(size: ModelSize, layerScale: boolean): ReturnType<typeof timmPreprocessing> {
  const deit = (size.distilled || layerScale) && size.inChans === 3;
  const { mean, std } = deit ? imagenetStatistics : standardFor(size.inChans);
  const usual = { crop_pct: size.trained[0] >= 384 ? 1 : 0.9, mean, std };
  return timmPreprocessing(new JsonFields(usual, "timm's usual preprocessing"), size);
}

/** Our own: names and conventions are timm's, and the file says all the rest. */
export const vitrine: Layout = {
  ...timm,
  name: 'vitrine',
  preprocessing: (_, { imgSize, inChans }) => ownPreprocessing(imgSize, inChans),
  statesPreprocessing: () => false,
};
