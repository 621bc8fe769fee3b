import { imagenetStatistics } from '../preprocessing.js';
import type { Layout } from './layout.js';
import type { Rule } from './rules.js';

const block = 'encoder.layers.encoder_layer_*';

/** Of `torchvision.models.VisionTransformer`; its attention is `torch.nn.MultiheadAttention`. */
export const torchvisionRules: readonly Rule[] = [
  { file: 'class_token', own: 'cls_token' },
  { file: 'conv_proj.*', own: 'patch_embed.proj.*' },
  { file: 'encoder.pos_embedding', own: 'pos_embed' },
  { file: `${block}.ln_1.*`, own: 'blocks.*.norm1.*' },
  { file: `${block}.self_attention.in_proj_weight`, own: 'blocks.*.attn.qkv.weight' },
  { file: `${block}.self_attention.in_proj_bias`, own: 'blocks.*.attn.qkv.bias' },
  { file: `${block}.self_attention.out_proj.*`, own: 'blocks.*.attn.proj.*' },
  { file: `${block}.ln_2.*`, own: 'blocks.*.norm2.*' },
  { file: `${block}.mlp.0.*`, own: 'blocks.*.mlp.fc1.*' },
  { file: `${block}.mlp.3.*`, own: 'blocks.*.mlp.fc2.*' },
  // As its releases before 0.12 named the MLP.
  { file: `${block}.mlp.linear_1.*`, own: 'blocks.*.mlp.fc1.*', alias: true },
  { file: `${block}.mlp.linear_2.*`, own: 'blocks.*.mlp.fc2.*', alias: true },
  { file: 'encoder.ln.*', own: 'norm.*' },
  { file: 'heads.pre_logits.*', own: 'pre_logits.fc.*' },
  { file: 'heads.head.*', own: 'head.*' },
];

export const torchvision: Layout = {
  name: 'torchvision',
  marks: /^(conv_proj\.|class_token$|encoder\.pos_embedding$|encoder\.ln\.|encoder\.layers\.encoder_layer_|heads\.)/,

  read: ({ infos }) => ({
    names: new Map([...infos.keys()].map((name) => [name, name])),
    rules: torchvisionRules,
    spell: (name) => name,
  }),

  configure: () => ({ normEps: 1e-6, act: 'gelu', globalPool: 'token' }),

  usual: {},
  square: true,

  // torchvision.models.ViT_*_Weights; those of 384 pixels and more are all SWAG's.
  preprocessing(_, { imgSize, trained, embedDim, depth }) {
    const swag = trained[0] >= 384;
    const large16 = embedDim === 1024 && depth === 24 && trained[0] === 224;
    const share = swag ? 1 : (large16 ? 242 : 256) / 224;
    const resize = Math.floor(Math.max(...imgSize) * share);
    return { resize, crop: imgSize, interpolation: swag ? 'bicubic' : 'bilinear', ...imagenetStatistics };
  },

  statesPreprocessing: () => true,

  positionResize: 'bicubic-corners',
};
