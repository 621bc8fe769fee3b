import { checkPair, expected } from '../../../check.js';
import { onlyGiven } from '../../../check-options.js';
import type { SwinConfig } from '../../../nn/swin/config.js';
import type { JsonFields } from '../../formats/json-fields.js';
import { labelFields, sizeOf } from '../layouts/hf/config.js';

type Json = Record<string, unknown>;

/**
 * What the config.json of `SwinConfig` or `Swinv2Config` tells.
 *
 * @throws TypeError for what there is none of here
 */
export function fromHuggingFaceConfig(config: JsonFields): Partial<SwinConfig> {
  const type = config.string('model_type');
  if (type !== undefined && type !== 'swin' && type !== 'swinv2') {
    throw expected('swin or swinv2', `"model_type" of ${config.where}`, type);
  }
  const fixed = { hidden_act: 'gelu', layer_norm_eps: 1e-5, use_absolute_embeddings: false };
  for (const [name, value] of Object.entries(fixed)) {
    const given = config.raw(name) ?? value;
    if (given !== value)
      throw expected(`${JSON.stringify(value)}, as all Swins have it,`, `"${name}" of ${config.where}`, given);
  }
  return {
    ...{ version: type === 'swinv2' ? 2 : 1, globalPool: 'avg', normEps: 1e-5 },
    // The library's defaults, which its files may leave out.
    windowSize: config.integer('window_size', 1) ?? 7,
    imgSize: config.size('image_size') ?? 224,
    ...onlyGiven({
      pretrainedWindowSizes: type === 'swinv2' ? (config.numbers('pretrained_window_sizes') ?? []) : undefined,
      projDropRate: config.number('hidden_dropout_prob'),
      dropPathRate: config.number('drop_path_rate'),
    }),
  } as Partial<SwinConfig>;
}

/** The config.json of the class that the model is one of. */
export function huggingFaceSwinConfig(config: Readonly<SwinConfig>, labels: readonly string[] | undefined): Json {
  const { version, embedDim, depths, numHeads, numClasses, windowSize, pretrainedWindowSizes } = config;
  const name = version === 1 ? 'Swin' : 'Swinv2';
  return {
    architectures: [numClasses > 0 ? `${name}ForImageClassification` : `${name}Model`],
    attention_probs_dropout_prob: 0,
    depths,
    drop_path_rate: config.dropPathRate,
    dtype: 'float32',
    embed_dim: embedDim,
    encoder_stride: 32,
    hidden_act: 'gelu',
    hidden_dropout_prob: config.projDropRate,
    hidden_size: embedDim * 2 ** (depths.length - 1),
    image_size: sizeOf(config.imgSize),
    initializer_range: 0.02,
    layer_norm_eps: config.normEps,
    mlp_ratio: config.mlpRatio,
    model_type: version === 1 ? 'swin' : 'swinv2',
    num_channels: config.inChans,
    num_heads: numHeads,
    num_layers: depths.length,
    patch_size: sizeOf(config.patchSize),
    ...(version === 2 && { pretrained_window_sizes: pretrainedWindowSizes }),
    qkv_bias: config.qkvBias,
    use_absolute_embeddings: false,
    window_size: checkPair(windowSize, 'Swin windowSize', 1)[0],
    ...labelFields(numClasses, labels),
  };
}

// What is of the model, and not of its classes or the library's versions.
const modelFields = ['depths', 'embed_dim', 'image_size', 'mlp_ratio', 'num_channels', 'num_heads', 'patch_size'];
const modelFieldsToo = ['pretrained_window_sizes', 'qkv_bias', 'window_size', 'layer_norm_eps', 'hidden_act'];

/** The first field of a config.json that is not as this model's would be; undefined where all are. */
export function changedSwinField(config: JsonFields, model: Readonly<SwinConfig>): string | undefined {
  const written = huggingFaceSwinConfig(model, undefined);
  return [...modelFields, ...modelFieldsToo].find((field) => {
    const value = config.raw(field);
    return value !== undefined && field in written && JSON.stringify(value) !== JSON.stringify(written[field]);
  });
}
