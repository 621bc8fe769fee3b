import { checkOneOf, describe, expected, Text } from '../../../check.js';
import { onlyGiven } from '../../../check-options.js';
import type { ViTConfig } from '../../../nn/vit/config.js';
import type { JsonFields } from '../../formats/json-fields.js';
import { describeArchitecture, missingFeature } from './timm-architectures.js';

const pools = ['token', 'avg', 'avgmax', 'max', 'map', ''] as const;
const activations: Readonly<Record<string, ViTConfig['act']>> = {
  ...{ gelu: 'gelu', gelu_tanh: 'gelu_tanh', quick_gelu: 'quick_gelu', quickgelu: 'quick_gelu' },
  ...{ relu: 'relu', silu: 'silu', swish: 'silu' },
};

// Arguments of timm's VisionTransformer that the shapes of the weights tell, or that change nothing in evaluation.
const told = ['patch_size', 'in_chans', 'num_classes', 'embed_dim', 'depth', 'mlp_ratio', 'qkv_bias', 'qk_norm'];
const toldToo = ['proj_bias', 'init_values', 'class_token', 'reg_tokens', 'pre_norm', 'final_norm', 'fc_norm'];
const scales = ['scale_attn_norm', 'scale_mlp_norm']; // by the norms' names
const idle = ['drop_rate', 'pos_drop_rate', 'patch_drop_rate', 'proj_drop_rate', 'attn_drop_rate', 'drop_path_rate'];
const idleToo = ['weight_init', 'fix_init', 'pretrained', 'pretrained_strict', 'strict_img_size', 'use_naflex'];
const read = ['img_size', 'num_heads', 'global_pool', 'no_embed_class', 'pool_include_prefix', 'pos_embed'];
const readToo = ['dynamic_img_size', 'dynamic_img_pad', 'act_layer', 'norm_layer'];
// Of `Eva` and `Beit`: told by tensors, or by how they are called.
const later = [
  'qkv_fused',
  'swiglu_mlp',
  'swiglu_align_to',
  'scale_mlp',
  'scale_attn_inner',
  'num_reg_tokens',
  'use_abs_pos_emb',
];
const laterToo = [
  'use_pre_transformer_norm',
  'use_post_transformer_norm',
  'use_fc_norm',
  'use_rel_pos_bias',
  'mlp_layer',
];
const rotary = [
  'use_rot_pos_emb',
  'rope_type',
  'rope_temperature',
  'rope_rotate_half',
  'ref_feat_shape',
  'rope_grid_offset',
];
const others = [
  'use_shared_rel_pos_bias',
  'rope_grid_indexing',
  'use_post_norm',
  'attn_type',
  'head_init_scale',
  'fix_init_weight',
];
const known = [
  ...told,
  ...toldToo,
  ...later,
  ...laterToo,
  ...rotary,
  ...others,
  ...scales,
  ...idle,
  ...idleToo,
  ...read,
  ...readToo,
];

/**
 * What the config.json of timm's `save_for_hf` tells: `architecture`, by its name, and over it the `model_args` that the
 * model was made with.
 *
 * @throws TypeError for an architecture, or an argument, that there is no counterpart of here
 */
export function fromTimmConfig(config: JsonFields): Partial<ViTConfig> {
  const [architecture = ''] = (config.string('architecture') ?? '').split('.');
  const missing = missingFeature(architecture);
  if (missing !== undefined) {
    const received = new Text(`${describe(architecture)}, which has ${missing}`);
    throw expected('an architecture of parts that are implemented', config.where, received);
  }
  const size = config.object('pretrained_cfg')?.numbers('input_size');
  const pool = config.string('global_pool');
  const args = config.object('model_args');
  return {
    ...describeArchitecture(architecture),
    ...(pool !== undefined && { globalPool: checkOneOf(pool, `"global_pool" of ${config.where}`, pools) }),
    ...(size?.length === 3 && { imgSize: [size[1], size[2]] as [number, number] }),
    ...(args && fromArguments(args)),
  };
}

function fromArguments(args: JsonFields): Partial<ViTConfig> {
  const unknown = args.keys().find((name) => args.raw(name) !== undefined && !known.includes(name));
  if (unknown !== undefined) {
    const advice = 'Where it changes no result, take it out of the file.';
    throw expected("an argument of timm's VisionTransformer", args.where, unknown, advice);
  }
  if (args.boolean('pool_include_prefix') === true || args.boolean('use_naflex') === true) {
    throw expected('false', `"pool_include_prefix" and "use_naflex" of ${args.where}`, true);
  }
  const norm = (args.string('norm_layer') ?? '').replaceAll('_', '').toLowerCase();
  if (norm !== '' && norm !== 'layernorm' && norm !== 'rmsnorm') {
    throw expected("'layernorm' or 'rmsnorm'", `"norm_layer" of ${args.where}`, norm);
  }
  refuseParts(args);
  const pool = args.string('global_pool');
  const given: Partial<ViTConfig> = {
    numHeads: args.integer('num_heads', 1),
    imgSize: args.size('img_size'),
    noEmbedClass: args.boolean('no_embed_class'),
    dynamicImgSize: args.boolean('dynamic_img_size'),
    dynamicImgPad: args.boolean('dynamic_img_pad'),
    globalPool: pool === undefined ? undefined : checkOneOf(pool, `"global_pool" of ${args.where}`, pools),
    act: activationOf(args),
    normEps: norm === '' ? undefined : 1e-6, // timm's own LayerNorm
    posEmbed:
      ['', 'none'].includes(args.string('pos_embed') ?? 'learn') || args.boolean('use_abs_pos_emb') === false
        ? 'none'
        : undefined,
    ...rotaryOf(args),
  } as Partial<ViTConfig>;
  return onlyGiven(given);
}

/** Throws for a part of timm's `Eva` that is built in another way here. */
function refuseParts(args: JsonFields): void {
  const wrong = [
    args.boolean('use_post_norm') === true && 'use_post_norm',
    (args.string('attn_type') ?? 'eva') !== 'eva' && 'attn_type',
    (args.string('rope_grid_indexing') ?? 'ij') !== 'ij' && 'rope_grid_indexing',
    (args.number('rope_grid_offset', -Infinity) ?? 0) !== 0 && 'rope_grid_offset',
  ].find((name) => name !== false);
  if (wrong !== undefined) throw expected("timm's default", `"${wrong}" of ${args.where}`, args.raw(wrong));
}

function rotaryOf(args: JsonFields): Partial<ViTConfig> {
  const on = args.boolean('use_rot_pos_emb');
  if (on === undefined) return {};
  if (!on) return { rope: 'none' };
  const type = args.string('rope_type') ?? 'cat';
  const half = args.boolean('rope_rotate_half') ?? false;
  if ((type !== 'cat' && type !== 'dinov3') || half !== (type === 'dinov3')) {
    throw expected("'cat', or 'dinov3' with rope_rotate_half,", `"rope_type" of ${args.where}`, type);
  }
  const [grid, temperature] = [args.size('ref_feat_shape'), args.number('rope_temperature')];
  return {
    rope: type === 'cat' ? 'eva' : 'dinov3',
    ...(grid && type === 'cat' && { ropeGrid: [...grid] as [number, number] }),
    ...(temperature !== undefined && { ropeTemperature: temperature }),
  };
}

function activationOf(args: JsonFields): ViTConfig['act'] | undefined {
  const name = args.string('act_layer');
  if (name === undefined || name === '') return undefined;
  const act = activations[name];
  if (act === undefined) {
    throw expected(
      `one of ${Object.keys(activations).join(', ')}`,
      `"act_layer" of ${args.where}, the activation`,
      name,
    );
  }
  return act;
}
