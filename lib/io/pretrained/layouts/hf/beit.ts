import type { Rule } from '../rules.js';
import { type HuggingFaceFamily, huggingFaceLayout, projections, stretched } from './family.js';

const block = 'encoder.layer.*';
const table = 'relative_position_bias.relative_position_bias_table';

/** Of `BeitModel` and `BeitForImageClassification`, without the prefix. */
export const beitRules: readonly Rule[] = [
  { file: 'embeddings.cls_token', own: 'cls_token' },
  { file: 'embeddings.mask_token', own: 'mask_token' },
  { file: 'embeddings.position_embeddings', own: 'pos_embed' },
  { file: 'embeddings.patch_embeddings.projection.*', own: 'patch_embed.proj.*' },
  { file: `${block}.layernorm_before.*`, own: 'blocks.*.norm1.*' },
  ...projections((name) => `${block}.attention.attention.${name}`, true),
  { file: `${block}.attention.attention.${table}`, own: 'blocks.*.attn.relative_position_bias_table' },
  { file: `${block}.attention.output.dense.*`, own: 'blocks.*.attn.proj.*' },
  { file: `${block}.lambda_1`, own: 'blocks.*.ls1.gamma' },
  { file: `${block}.layernorm_after.*`, own: 'blocks.*.norm2.*' },
  { file: `${block}.intermediate.dense.*`, own: 'blocks.*.mlp.fc1.*' },
  { file: `${block}.output.dense.*`, own: 'blocks.*.mlp.fc2.*' },
  { file: `${block}.lambda_2`, own: 'blocks.*.ls2.gamma' },
  { file: `encoder.${table}`, own: 'rel_pos_bias.relative_position_bias_table' },
  { file: 'pooler.layernorm.*', own: 'fc_norm.*' },
  { file: 'layernorm.*', own: 'norm.*' },
  { file: 'classifier.*', own: 'head.*' },
];

const family: HuggingFaceFamily = {
  types: ['beit', 'data2vec-vision'],
  prefixes: ['beit.', 'data2vec_vision.'],
  marks:
    /^((beit|data2vec_vision)\.)?(embeddings\.|encoder\.(relative_position_bias\.|layer\.\d+\.(lambda_[12]|layernorm_|attention\.attention\.relative_))|pooler\.layernorm\.)/,
  heads: /^(classifier|layernorm|lm_head)\./,
  unused: () => /relative_position_index$|^lm_head\./,
  rules: () => beitRules,
  defaults: { normEps: 1e-12, act: 'gelu' },
  fixed: (names) => ({
    ...(names.has('pooler.layernorm.weight')
      ? { globalPool: 'avg', fcNorm: true }
      : { globalPool: 'token', fcNorm: false }),
    ...(!names.has('embeddings.position_embeddings') && { posEmbed: 'none' }),
  }),
  preprocessing: stretched,
  positionResize: () => 'bicubic',
};

export const beit = huggingFaceLayout(family);
