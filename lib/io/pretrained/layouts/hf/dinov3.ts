import { expected } from '../../../../check.js';
import { imagenetStatistics } from '../../preprocessing.js';
import type { Rule } from '../rules.js';
import { type HuggingFaceFamily, huggingFaceLayout, projections } from './family.js';

const block = 'layer.*';

/** Of `DINOv3ViTModel`. */
export function dinov3Rules({ gated, keyBias }: { gated: boolean; keyBias: boolean }): Rule[] {
  return [
    { file: 'embeddings.cls_token', own: 'cls_token' },
    { file: 'embeddings.mask_token', own: 'mask_token' },
    { file: 'embeddings.register_tokens', own: 'reg_token' },
    { file: 'embeddings.patch_embeddings.*', own: 'patch_embed.proj.*' },
    { file: `${block}.norm1.*`, own: 'blocks.*.norm1.*' },
    ...projections((name) => `${block}.attention.${name[0]}_proj`, !keyBias),
    { file: `${block}.attention.o_proj.*`, own: 'blocks.*.attn.proj.*' },
    { file: `${block}.layer_scale1.lambda1`, own: 'blocks.*.ls1.gamma' },
    { file: `${block}.norm2.*`, own: 'blocks.*.norm2.*' },
    ...(gated
      ? ([
          { file: `${block}.mlp.gate_proj.*`, own: 'blocks.*.mlp.fc1.*', part: [0, 2] },
          { file: `${block}.mlp.up_proj.*`, own: 'blocks.*.mlp.fc1.*', part: [1, 2] },
        ] as const)
      : [{ file: `${block}.mlp.up_proj.*`, own: 'blocks.*.mlp.fc1.*' }]),
    { file: `${block}.mlp.down_proj.*`, own: 'blocks.*.mlp.fc2.*' },
    { file: `${block}.layer_scale2.lambda1`, own: 'blocks.*.ls2.gamma' },
    { file: 'norm.*', own: 'norm.*' },
  ];
}

const family: HuggingFaceFamily = {
  types: ['dinov3_vit'],
  prefixes: [],
  marks:
    /^(embeddings\.(cls_token|mask_token|register_tokens|patch_embeddings\.(weight|bias))$|layer\.\d+\.(attention\.[qkvo]_proj|layer_scale[12]|mlp\.(up|down|gate)_proj)\.)/,
  heads: /^$/,
  rules: (names) =>
    dinov3Rules({
      gated: names.has('layer.0.mlp.gate_proj.weight'),
      keyBias: names.has('layer.0.attention.k_proj.bias') || !names.has('layer.0.attention.q_proj.bias'),
    }),
  defaults: { normEps: 1e-5, act: 'gelu', ropeTemperature: 100 },
  fixed: () => ({ globalPool: 'token', posEmbed: 'none', rope: 'dinov3', noEmbedClass: false }),
  stated: (config) => {
    const [theta, act] = [config.number('rope_theta'), config.string('hidden_act')];
    if (config.boolean('use_gated_mlp') === true && act !== 'silu' && act !== 'swish') {
      throw expected("'silu', as all of DINOv3's have it,", `"hidden_act" of ${config.where}, with a gated MLP`, act);
    }
    return theta === undefined ? {} : { ropeTemperature: theta };
  },
  preprocessing: ({ imgSize }) => ({
    resize: imgSize,
    crop: imgSize,
    interpolation: 'bilinear',
    ...imagenetStatistics,
  }),
  positionResize: () => 'bicubic', // it has none that are learned
};

export const dinov3 = huggingFaceLayout(family);
