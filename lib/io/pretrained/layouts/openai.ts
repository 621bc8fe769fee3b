import type { ViTConfig } from '../../../nn/vit/config.js';
import { warnOnce } from '../../../warning.js';
import { clipStatistics, standardFor } from '../preprocessing.js';
import type { Evidence, Layout, Reading } from './layout.js';
import { fromOpenClipConfig, openClipPreprocessing } from './open-clip-config.js';
import type { Rule } from './rules.js';

const block = 'transformer.resblocks.*';

/** Of the image tower of OpenAI's CLIP and of open_clip's, without the prefix `visual.`. */
export const openaiRules: readonly Rule[] = [
  { file: 'class_embedding', own: 'cls_token', squeeze: 2 },
  { file: 'positional_embedding', own: 'pos_embed', squeeze: 1 },
  { file: 'proj', own: 'head.weight', axes: [1, 0] },
  { file: 'conv1.weight', own: 'patch_embed.proj.weight' },
  { file: 'ln_pre.*', own: 'norm_pre.*' },
  { file: `${block}.ln_1.*`, own: 'blocks.*.norm1.*' },
  { file: `${block}.attn.in_proj_weight`, own: 'blocks.*.attn.qkv.weight' },
  { file: `${block}.attn.in_proj_bias`, own: 'blocks.*.attn.qkv.bias' },
  { file: `${block}.attn.out_proj.*`, own: 'blocks.*.attn.proj.*' },
  { file: `${block}.ls_1.gamma`, own: 'blocks.*.ls1.gamma' },
  { file: `${block}.ln_2.*`, own: 'blocks.*.norm2.*' },
  { file: `${block}.mlp.c_fc.*`, own: 'blocks.*.mlp.fc1.*' },
  { file: `${block}.mlp.c_proj.*`, own: 'blocks.*.mlp.fc2.*' },
  { file: `${block}.ls_2.gamma`, own: 'blocks.*.ls2.gamma' },
  { file: 'ln_post.*', own: 'norm.*' },
];

const prefix = 'visual.';
// Sizes that OpenAI's own files hold, and open_clip's have not: its models use gelu unless they are OpenAI's.
const archived = ['input_resolution', 'context_length', 'vocab_size'];

/** OpenAI's was trained with QuickGELU, open_clip's with it where its config says so. */
function stated({ config, infos }: Evidence): Partial<ViTConfig> {
  const model = config?.object('model_cfg');
  if (model !== undefined) return fromOpenClipConfig(model);
  return archived.some((name) => infos.has(name)) ? { act: 'quick_gelu' } : {};
}

export const openai: Layout = {
  name: 'openai',
  marks: /^visual\.(class_embedding$|positional_embedding$|proj$|conv1\.|ln_pre\.|ln_post\.|transformer\.resblocks\.)/,

  read({ infos, path }): Reading {
    const inside = [...infos.keys()].filter((name) => name.startsWith(prefix));
    if (inside.length < infos.size) warnOnce(`${path} holds a text tower besides: that of images is read.`);
    return {
      names: new Map(inside.map((name) => [name.slice(prefix.length), name])),
      rules: openaiRules,
      spell: (name) => prefix + name,
    };
  },

  configure: (evidence) => ({ normEps: 1e-5, globalPool: 'token', headBias: false, ...stated(evidence) }),

  usual: { act: 'quick_gelu' },
  square: true,

  preprocessing({ config }, { imgSize, inChans }) {
    const usual = inChans === 3 ? clipStatistics : standardFor(inChans);
    const given = config && openClipPreprocessing(config, imgSize, usual);
    return given ?? { resize: Math.max(...imgSize), crop: imgSize, interpolation: 'bicubic', ...usual };
  },

  statesPreprocessing: () => true,

  positionResize: 'bicubic-antialias', // open_clip's resize_pos_embed
};
