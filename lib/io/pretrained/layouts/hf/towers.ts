import { clipStatistics, standardFor } from '../../preprocessing.js';
import type { Rule } from '../rules.js';
import { type HuggingFaceFamily, huggingFaceLayout, projections, stretched } from './family.js';

const block = 'encoder.layers.*';

/** What CLIP's and SigLIP's towers have in common, without the prefix `vision_model.`. */
const common: readonly Rule[] = [
  { file: 'embeddings.patch_embedding.*', own: 'patch_embed.proj.*' },
  { file: 'embeddings.position_embedding.weight', own: 'pos_embed', squeeze: 1 },
  { file: `${block}.layer_norm1.*`, own: 'blocks.*.norm1.*' },
  ...projections((name) => `${block}.self_attn.${name[0]}_proj`, false),
  { file: `${block}.self_attn.out_proj.*`, own: 'blocks.*.attn.proj.*' },
  { file: `${block}.layer_norm2.*`, own: 'blocks.*.norm2.*' },
  { file: `${block}.mlp.fc1.*`, own: 'blocks.*.mlp.fc1.*' },
  { file: `${block}.mlp.fc2.*`, own: 'blocks.*.mlp.fc2.*' },
  { file: 'post_layernorm.*', own: 'norm.*' },
];

/** Of `CLIPVisionModel` and `CLIPVisionModelWithProjection`. */
export const clipRules: readonly Rule[] = [
  { file: 'embeddings.class_embedding', own: 'cls_token', squeeze: 2 },
  { file: 'pre_layrnorm.*', own: 'norm_pre.*' }, // the library's own spelling
  ...common,
  { file: 'visual_projection.weight', own: 'head.weight' },
];

/** Of `SiglipVisionModel`, and `SiglipForImageClassification`, whose classifier stands in the place of the pooling head. */
export const siglipRules: readonly Rule[] = [
  ...common,
  { file: 'head.probe', own: 'attn_pool.latent' },
  ...(['weight', 'bias'] as const).flatMap((kind): Rule[] => [
    { file: `head.attention.in_proj_${kind}`, own: `attn_pool.q.${kind}`, rows: [0, 1, 3] },
    { file: `head.attention.in_proj_${kind}`, own: `attn_pool.kv.${kind}`, rows: [1, 3, 3] },
  ]),
  { file: 'head.attention.out_proj.*', own: 'attn_pool.proj.*' },
  { file: 'head.layernorm.*', own: 'attn_pool.norm.*' },
  { file: 'head.mlp.fc1.*', own: 'attn_pool.mlp.fc1.*' },
  { file: 'head.mlp.fc2.*', own: 'attn_pool.mlp.fc2.*' },
  { file: 'classifier.*', own: 'head.*' },
];

const tower = String.raw`^(vision_model\.)?`;

const clipFamily: HuggingFaceFamily = {
  types: ['clip', 'clip_vision_model'],
  prefixes: ['vision_model.'],
  marks: new RegExp(
    `${tower}(embeddings\\.(class_embedding|patch_embedding\\.|position_embedding\\.)|pre_layrnorm\\.|post_layernorm\\.|encoder\\.layers\\.\\d+\\.(layer_norm[12]|self_attn|mlp)\\.)|^visual_projection\\.`,
  ),
  heads: /^visual_projection\./,
  unused: () => /^embeddings\.position_ids$/,
  rules: () => clipRules,
  defaults: { normEps: 1e-5, act: 'quick_gelu' },
  fixed: () => ({ globalPool: 'token', headBias: false }),
  preprocessing: ({ imgSize, inChans }) => ({
    resize: Math.max(...imgSize),
    crop: imgSize,
    rounding: 'down',
    interpolation: 'bicubic',
    ...(inChans === 3 ? clipStatistics : standardFor(inChans)),
  }),
  positionResize: () => 'bicubic',
};

const siglipFamily: HuggingFaceFamily = {
  types: ['siglip', 'siglip_vision_model'],
  prefixes: ['vision_model.'],
  marks: new RegExp(
    `${tower}(embeddings\\.(patch_embedding\\.|position_embedding\\.)|post_layernorm\\.|head\\.(probe$|attention\\.|layernorm\\.|mlp\\.)|encoder\\.layers\\.\\d+\\.(layer_norm[12]|self_attn|mlp)\\.)|^classifier\\.`,
  ),
  heads: /^classifier\./,
  // Beside a classifier, the pooling head has no part.
  unused: (names) =>
    names.has('classifier.weight') ? /^(embeddings\.position_ids$|head\.)/ : /^embeddings\.position_ids$/,
  rules: () => siglipRules,
  defaults: { normEps: 1e-6, act: 'gelu_tanh' },
  fixed: (names) => ({
    globalPool: names.has('head.probe') && !names.has('classifier.weight') ? 'map' : 'avg',
    fcNorm: false,
  }),
  preprocessing: stretched,
  positionResize: () => 'bicubic',
};

export const clip = huggingFaceLayout(clipFamily);
export const siglip = huggingFaceLayout(siglipFamily);
