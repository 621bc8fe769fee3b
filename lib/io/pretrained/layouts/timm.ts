import { JsonFields } from '../../formats/json-fields.js';
import { ownPreprocessing } from '../preprocessing.js';
import type { Layout } from './layout.js';
import type { Rule } from './rules.js';
import { fromTimmConfig } from './timm-config.js';
import { timmPreprocessing } from './timm-preprocessing.js';
import { usualOf } from './timm-usual.js';

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

  doubts({ config, infos }) {
    const has = (name: string): boolean => infos.has(name) || infos.has(`blocks.0.${name}`);
    if (config !== undefined) return [];
    if (has('gamma_1')) return ['no rotary positions (DeiT III has none; RoPE-ViT has them, and the same tensors)'];
    const rpn = has('fc_norm.weight') && !has('cls_token') && !has('attn.qkv.bias') && !has('ls1.gamma');
    return rpn ? ["norms before attention and MLP (timm's rpn models have them behind, and the same tensors)"] : [];
  },

  preprocessing(evidence, size) {
    const given = evidence.config?.object('pretrained_cfg');
    const usual = (): JsonFields => new JsonFields({ ...usualOf(evidence, size) }, "timm's usual preprocessing");
    return timmPreprocessing(given ?? usual(), size);
  },

  statesPreprocessing: ({ config }) => config?.object('pretrained_cfg') !== undefined,

  positionResize: 'bicubic-antialias',
};

/** Our own: names and conventions are timm's, and the file says all the rest. */
export const vitrine: Layout = {
  ...timm,
  name: 'vitrine',
  preprocessing: (_, { imgSize, inChans }) => ownPreprocessing(imgSize, inChans),
  statesPreprocessing: () => false,
};
