import { imagenetStatistics } from '../../preprocessing.js';
import type { Rule } from '../rules.js';
import { type HuggingFaceFamily, huggingFaceLayout, projections } from './family.js';

const block = 'encoder.layer.*';

/**
 * Of `Dinov2Model`, `Dinov2WithRegistersModel` and their classifiers, without the prefix.
 *
 * @param options `registers`: the class token's position is then a part of the token here, as in timm, and the file has
 *   a row for it; `gated`: whether the MLP is SwiGLU
 */
export function dinov2Rules({ registers, gated }: { registers: boolean; gated: boolean }): Rule[] {
  const mlp = (first: string, second: string, current: boolean): Rule[] => [
    { file: `${block}.mlp.${first}.*`, own: 'blocks.*.mlp.fc1.*', ...(!current && { alias: true }) },
    { file: `${block}.mlp.${second}.*`, own: 'blocks.*.mlp.fc2.*', ...(!current && { alias: true }) },
  ];
  return [
    { file: 'embeddings.cls_token', own: 'cls_token' },
    { file: 'embeddings.mask_token', own: 'mask_token', squeeze: 1 },
    { file: 'embeddings.register_tokens', own: 'reg_token' },
    { file: 'embeddings.position_embeddings', own: 'pos_embed', ...(registers && { zeroRows: 1 }) },
    { file: 'embeddings.patch_embeddings.projection.*', own: 'patch_embed.proj.*' },
    { file: `${block}.norm1.*`, own: 'blocks.*.norm1.*' },
    ...projections((name) => `${block}.attention.attention.${name}`, false),
    { file: `${block}.attention.output.dense.*`, own: 'blocks.*.attn.proj.*' },
    { file: `${block}.layer_scale1.lambda1`, own: 'blocks.*.ls1.gamma' },
    { file: `${block}.norm2.*`, own: 'blocks.*.norm2.*' },
    ...mlp('fc1', 'fc2', !gated),
    ...mlp('weights_in', 'weights_out', gated),
    { file: `${block}.layer_scale2.lambda1`, own: 'blocks.*.ls2.gamma' },
    { file: 'layernorm.*', own: 'norm.*' },
    { file: 'classifier.*', own: 'head.*' },
  ];
}

const isGated = (names: ReadonlySet<string>): boolean => names.has('encoder.layer.0.mlp.weights_in.weight');
const hasRegisters = (names: ReadonlySet<string>): boolean => names.has('embeddings.register_tokens');

const family: HuggingFaceFamily = {
  types: ['dinov2', 'dinov2_with_registers'],
  prefixes: ['dinov2_with_registers.', 'dinov2.'],
  marks:
    /^(dinov2(_with_registers)?\.)?(embeddings\.|encoder\.layer\.\d+\.(norm[12]|layer_scale[12]|mlp\.\w+)\.|layernorm\.)/,
  heads: /^classifier\./,
  rules: (names) => dinov2Rules({ registers: hasRegisters(names), gated: isGated(names) }),
  defaults: { normEps: 1e-6, act: 'gelu' },
  fixed: (names) => ({
    globalPool: names.has('classifier.weight') ? 'tokenavg' : 'token',
    noEmbedClass: hasRegisters(names),
  }),
  // Of the published preprocessor_config.json, which are of 224 pixels for models of 518.
  preprocessing: ({ imgSize }) => ({
    resize: Math.floor((Math.max(...imgSize) * 256) / 224),
    crop: imgSize,
    rounding: 'down',
    interpolation: 'bicubic',
    ...imagenetStatistics,
  }),
  classPosition: (names) =>
    hasRegisters(names) ? { token: 'embeddings.cls_token', positions: 'embeddings.position_embeddings' } : undefined,
  positionResize: (names) => (hasRegisters(names) ? 'bicubic-antialias' : 'bicubic'),
};

export const dinov2 = huggingFaceLayout(family);
