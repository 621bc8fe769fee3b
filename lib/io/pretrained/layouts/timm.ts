import type { ViTConfig } from '../../../nn/vit/config.js';
import { JsonFields } from '../../formats/json-fields.js';
import { ownPreprocessing, standardFor } from '../preprocessing.js';
import { projections } from './hf/family.js';
import type { Evidence, Layout } from './layout.js';
import { fromOpenClipConfig, openClipPreprocessing } from './open-clip-config.js';
import type { Rule } from './rules.js';
import { fromTimmConfig } from './timm-config.js';
import { timmPreprocessing } from './timm-preprocessing.js';
import { usualOf } from './timm-usual.js';

/** How a class of timm's has what is one tensor here, or is called otherwise. */
export interface TimmNames {
  /** Whether queries, keys and values are apart (`EvaAttention` without `qkv_fused`). */
  apart?: boolean;
  /** Whether gates and values are apart (`SwiGLU`). */
  split?: boolean;
  /** Whether LayerScale is a parameter of the block (`EvaBlock`, BEiT's `Block`). */
  gamma?: boolean;
}

/** Our names are timm's `VisionTransformer`'s. */
export function timmRules({ apart = false, split = false, gamma = false }: TimmNames = {}): readonly Rule[] {
  const spelling = (current: boolean): Pick<Rule, 'alias'> => (current ? {} : { alias: true });
  const mlp = 'blocks.*.mlp';
  return [
    { file: 'blocks.*.gamma_1', own: 'blocks.*.ls1.gamma', ...spelling(gamma) },
    { file: 'blocks.*.gamma_2', own: 'blocks.*.ls2.gamma', ...spelling(gamma) },
    ...projections((name) => `blocks.*.attn.${name[0]}_proj`, true).map((rule) => ({ ...rule, ...spelling(apart) })),
    { file: `${mlp}.fc1_g.*`, own: `${mlp}.fc1.*`, part: [0, 2], ...spelling(split) },
    { file: `${mlp}.fc1_x.*`, own: `${mlp}.fc1.*`, part: [1, 2], ...spelling(split) },
    // As the authors of EVA-02 name them.
    { file: `${mlp}.w1.*`, own: `${mlp}.fc1.*`, part: [0, 2], alias: true },
    { file: `${mlp}.w2.*`, own: `${mlp}.fc1.*`, part: [1, 2], alias: true },
    { file: `${mlp}.w3.*`, own: `${mlp}.fc2.*`, alias: true },
    { file: `${mlp}.ffn_ln.*`, own: `${mlp}.norm.*`, alias: true },
    { file: 'blocks.*.attn.inner_attn_ln.*', own: 'blocks.*.attn.norm.*', alias: true },
    { file: '**', own: '**' },
  ];
}

/** Which of them a file has. */
function namesIn(infos: Evidence['infos']): TimmNames {
  const has = (name: string): boolean => infos.has(`blocks.0.${name}`);
  return {
    apart: has('attn.q_proj.weight'),
    split: has('mlp.fc1_g.weight') || has('mlp.w1.weight'),
    gamma: has('gamma_1'),
  };
}

// Indices and tables that follow from the sizes, which older files hold.
const computed = /(^|\.)(relative_position_index|rope\.freqs_(cos|sin)|attn\.rope(_reg)?\.freqs|k_bias)$/;

/** DINOv3's registers without positions, and EVA-02's gated MLP beside a bias of queries: no other of timm's have them. */
function rotaryShownBy(infos: Evidence['infos']): Partial<ViTConfig> {
  const has = (name: string): boolean => infos.has(name) || infos.has(`blocks.0.${name}`);
  if (has('reg_token') && has('gamma_1') && !has('pos_embed')) {
    return { posEmbed: 'none', rope: 'dinov3', normEps: 1e-5 };
  }
  const [made, taken] = [
    infos.get('blocks.0.mlp.fc1.weight')?.shape[0],
    infos.get('blocks.0.mlp.fc2.weight')?.shape[1],
  ];
  const gated = has('mlp.fc1_g.weight') || has('mlp.w1.weight') || (made !== undefined && made === 2 * (taken ?? 0));
  const biased = has('attn.q_bias') || has('attn.q_proj.bias');
  return gated && biased && has('pos_embed') ? { rope: 'eva', ropeGrid: [16, 16] } : {};
}

/** ViT-5's blocks hold what the angles of patches and of registers follow from, the same in all its models. */
function vit5(infos: Evidence['infos']): Partial<ViTConfig> {
  if (!infos.has('blocks.0.attn.rope_reg.freqs')) return {};
  const side = Math.sqrt(infos.get('pos_embed')?.shape.at(-2) ?? 0);
  const grid: Partial<ViTConfig> = Number.isInteger(side) && side > 0 ? { ropeGrid: [side, side] } : {};
  const fixed: Partial<ViTConfig> = { normEps: 1e-6, act: 'gelu', noEmbedClass: true, globalPool: 'token' };
  return { rope: 'eva', ropeRegTemperature: 100, ...fixed, ...grid };
}

/** BEiT's scores for distances take the place of positions. */
function withoutPositions(infos: Evidence['infos']): Partial<ViTConfig> {
  const biased = [...infos.keys()].some((name) => name.endsWith('.relative_position_bias_table'));
  return biased && !infos.has('pos_embed') ? { posEmbed: 'none' } : {};
}

/** Of timm's own folder, or of open_clip's, whose towers may be timm's. */
function fromConfig(config: JsonFields): Partial<ViTConfig> {
  const model = config.object('model_cfg');
  return model === undefined ? fromTimmConfig(config) : fromOpenClipConfig(model);
}

export const timm: Layout = {
  name: 'timm',
  marks: /^(patch_embed\.|blocks\.|cls_token$|pos_embed$)/,

  read: ({ infos }) => ({
    names: new Map([...infos.keys()].filter((name) => !computed.test(name)).map((name) => [name, name])),
    rules: timmRules(namesIn(infos)),
    spell: (name) => name,
  }),

  configure: ({ config, infos }) => ({
    ...withoutPositions(infos),
    ...vit5(infos),
    // The norm before the blocks is CLIP's, and its epsilon OpenAI's, PyTorch's default.
    ...(infos.has('norm_pre.weight') && { normEps: 1e-5 }),
    ...(config && fromConfig(config)),
  }),

  usual: { normEps: 1e-6, act: 'gelu' },
  guesses: ({ infos }) => rotaryShownBy(infos),

  doubts({ config, infos }) {
    const has = (name: string): boolean => infos.has(name) || infos.has(`blocks.0.${name}`);
    if (config !== undefined) return [];
    if (
      has('gamma_1') &&
      infos.has('pos_embed') &&
      !has('attn.rope.freqs') &&
      !has('attn.relative_position_bias_table')
    )
      return ['no rotary positions (DeiT III has none; RoPE-ViT has them, and the same tensors)'];
    const rpn = has('fc_norm.weight') && !has('cls_token') && !has('attn.qkv.bias') && !has('ls1.gamma');
    return rpn ? ["norms before attention and MLP (timm's rpn models have them behind, and the same tensors)"] : [];
  },

  preprocessing(evidence, size) {
    const standard = standardFor(size.inChans);
    const openClip = evidence.config && openClipPreprocessing(evidence.config, size.imgSize, standard);
    if (openClip !== undefined) return openClip;
    const given = evidence.config?.object('pretrained_cfg');
    const usual = (): JsonFields => new JsonFields({ ...usualOf(evidence, size) }, "timm's usual preprocessing");
    return timmPreprocessing(given ?? usual(), size);
  },

  statesPreprocessing: ({ config }) => ['pretrained_cfg', 'preprocess_cfg'].some((name) => config?.object(name)),

  positionResize: 'bicubic-antialias',
};

/** Our own: names and conventions are timm's, and the file says all the rest. */
export const vitrine: Layout = {
  ...timm,
  name: 'vitrine',
  preprocessing: (_, { imgSize, inChans }) => ownPreprocessing(imgSize, inChans),
  statesPreprocessing: () => false,
};
