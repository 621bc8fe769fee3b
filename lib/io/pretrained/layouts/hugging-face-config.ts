import { expected, Text } from '../../../check.js';
import { IMAGE_FILTER } from '../../../native.js';
import type { ViTConfig } from '../../../nn/vit/config.js';
import type { JsonFields } from '../../formats/json-fields.js';
import type { Preprocessing } from '../preprocessing.js';
import { commonFields, familyConfigs } from './hf/config.js';
import { classFor } from './objections.js';

type Config = Readonly<ViTConfig>;
type Json = Record<string, unknown>;

/** DeiT's classes take two tokens in front of the patches. */
function isDeit({ distilled, regTokens }: Config): boolean {
  return distilled || regTokens === 1;
}

function architectureOf(config: Config): string {
  const family = isDeit(config) ? 'DeiT' : 'ViT';
  if (config.numClasses === 0) return `${family}Model`;
  return `${family}ForImageClassification${config.distilled ? 'WithTeacher' : ''}`;
}

/** The name in the file of a tensor that rules know without prefix: the bare model's has none. */
export function huggingFaceSpelling(config: Config): (name: string) => string {
  const prefix = config.numClasses === 0 ? '' : isDeit(config) ? 'deit.' : 'vit.';
  return (name) => (/^\w*classifier\./.test(name) ? name : prefix + name);
}

/** The config.json of the class that the model is one of. */
export function huggingFaceConfig(config: Config, labels: readonly string[] | undefined): Json {
  const common = commonFields(config, labels);
  const family = familyConfigs[classFor(config, 'hf').name];
  return family === undefined ? plainConfig(config, common) : family(config, common);
}

/** Of `ViTConfig` or `DeiTConfig`. */
function plainConfig(config: Config, common: Json): Json {
  return {
    ...common,
    architectures: [architectureOf(config)],
    attention_probs_dropout_prob: config.attnDropRate,
    encoder_stride: 16,
    hidden_dropout_prob: config.projDropRate,
    intermediate_size: Math.floor(config.embedDim * config.mlpRatio),
    model_type: isDeit(config) ? 'deit' : 'vit',
    pooler_act: 'tanh',
    pooler_output_size: config.embedDim,
    qkv_bias: config.qkvBias,
  };
}

// What is of the model, and not of its classes or the library's versions.
const modelFields = [
  'hidden_size',
  'num_hidden_layers',
  'num_attention_heads',
  'intermediate_size',
  'hidden_act',
  'layer_norm_eps',
  'image_size',
  'patch_size',
  'num_channels',
  'qkv_bias',
  'mlp_ratio',
  'use_swiglu_ffn',
  'use_gated_mlp',
  'rope_theta',
] as const;

/** The first field of a config.json that is not as this model's would be; undefined where all are. */
export function changedField(config: JsonFields, model: Config): string | undefined {
  const written = huggingFaceConfig(model, undefined);
  return modelFields.find((field) => {
    const value = config.raw(field);
    return value !== undefined && field in written && JSON.stringify(value) !== JSON.stringify(written[field]);
  });
}

/**
 * The preprocessor_config.json of `ViTImageProcessor` or `DeiTImageProcessor`. Where timm and torchvision round the
 * place of a crop, these round it down.
 *
 * @param config of a ViT, which may be DeiT's
 * @throws TypeError for what these do not do
 */
export function huggingFaceProcessor(config: Config | undefined, preprocessing: Preprocessing): Json {
  const { resize, longest, crop, interpolation, rescale = 1 / 255, mean, std } = preprocessing;
  const against = unlikeTransformers(preprocessing);
  if (against.length > 0) {
    const advice = 'Set model.pretrainedConfig to what they can do, or save another layout.';
    throw expected('images prepared as Transformers can', 'save', new Text(against.join(', ')), advice);
  }
  const crops = typeof resize !== 'object' || resize[0] !== crop[0] || resize[1] !== crop[1];
  return {
    image_processor_type: `${(config !== undefined && isDeit(config)) || crops ? 'DeiT' : 'ViT'}ImageProcessor`,
    do_resize: resize !== 'none',
    ...(resize !== 'none' && { size: sizeFields(resize, preprocessing.fit, longest) }),
    resample: IMAGE_FILTER[interpolation],
    do_center_crop: crops,
    ...(crops && { crop_size: { height: crop[0], width: crop[1] } }),
    do_rescale: true,
    rescale_factor: rescale,
    do_normalize: true,
    image_mean: mean,
    image_std: std,
  };
}

// Filters that do not widen are let pass: so Transformers itself has converted Google's checkpoints.
function unlikeTransformers({ fit, rounding, fill }: Preprocessing): string[] {
  const against: string[] = [];
  if (fit === 'cover' || (fit === 'contain' && rounding !== 'down')) against.push(`fit: '${fit}'`);
  if (fill?.some((value) => value !== 0)) against.push(`fill: ${JSON.stringify(fill)}`);
  return against;
}

function sizeFields(
  resize: Exclude<Preprocessing['resize'], 'none'>,
  fit: Preprocessing['fit'],
  longest?: number,
): Json {
  if (typeof resize === 'number') return { shortest_edge: resize, ...(longest && { longest_edge: longest }) };
  const [height, width] = resize;
  return fit === 'contain' ? { max_height: height, max_width: width } : { height, width };
}
