import { checkOneOf, expected } from '../../../check.js';
import { onlyGiven } from '../../../check-options.js';
import type { SwinConfig } from '../../../nn/swin/config.js';
import { swinConfigOf, swinNames } from '../../../nn/swin/registry.js';
import type { JsonFields } from '../../formats/json-fields.js';

// Arguments of timm's SwinTransformer and SwinTransformerV2 that tensors tell, or that change nothing in evaluation.
const told = ['patch_size', 'in_chans', 'num_classes', 'embed_dim', 'depths', 'num_heads', 'mlp_ratio', 'qkv_bias'];
const idle = ['drop_rate', 'proj_drop_rate', 'attn_drop_rate', 'drop_path_rate', 'weight_init', 'strict_img_size'];
const read = ['img_size', 'window_size', 'pretrained_window_sizes', 'global_pool', 'always_partition', 'head_dim'];
const known = [...told, ...idle, ...read];

/**
 * What the config.json of timm's `save_for_hf` tells of a Swin: `architecture`, by its name, and over it the `model_args`
 * that the model was made with.
 *
 * @throws TypeError for an argument that there is no counterpart of here
 */
export function fromTimmSwinConfig(config: JsonFields): Partial<SwinConfig> {
  const [architecture = ''] = (config.string('architecture') ?? '').split('.');
  const { windowSize, imgSize, pretrainedWindowSizes } = swinNames().includes(architecture)
    ? swinConfigOf(architecture)
    : {};
  const size = config.object('pretrained_cfg')?.numbers('input_size');
  const args = config.object('model_args');
  return onlyGiven({
    ...{ windowSize, imgSize, normEps: 1e-5 },
    // None is timm's default, where the name says nothing.
    pretrainedWindowSizes: pretrainedWindowSizes ?? (architecture.startsWith('swinv2_') ? [] : undefined),
    ...(size?.length === 3 && { imgSize: [size[1], size[2]] as [number, number] }),
    globalPool: poolOf(config),
    ...(args && onlyGiven(fromArguments(args))),
  });
}

const POOLS = ['avg', ''] as const;

function poolOf(fields: JsonFields): SwinConfig['globalPool'] | undefined {
  const pool = fields.string('global_pool');
  return pool === undefined ? undefined : checkOneOf(pool, `"global_pool" of ${fields.where}`, POOLS);
}

function fromArguments(args: JsonFields): { [Name in keyof SwinConfig]?: SwinConfig[Name] | undefined } {
  const unknown = args.keys().find((name) => args.raw(name) !== undefined && !known.includes(name));
  if (unknown !== undefined) {
    const advice = 'Where it changes no result, take it out of the file.';
    throw expected("an argument of timm's SwinTransformer", args.where, unknown, advice);
  }
  for (const name of ['always_partition', 'head_dim']) {
    const value = args.raw(name);
    if (value !== undefined && value !== false) throw expected("timm's default", `"${name}" of ${args.where}`, value);
  }
  return {
    imgSize: args.size('img_size'),
    windowSize: args.size('window_size'),
    pretrainedWindowSizes: args.numbers('pretrained_window_sizes'),
    globalPool: poolOf(args),
  };
}
