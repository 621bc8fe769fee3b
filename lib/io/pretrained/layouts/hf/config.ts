import type { ViTConfig } from '../../../../nn/vit/config.js';

type Config = Readonly<ViTConfig>;
type Json = Record<string, unknown>;

const ACTIVATIONS = {
  gelu: 'gelu',
  gelu_tanh: 'gelu_pytorch_tanh',
  relu: 'relu',
  silu: 'silu',
  quick_gelu: 'quick_gelu',
} as const satisfies Record<ViTConfig['act'], string>;

/** What all configurations of Transformers call the same. */
export function commonFields(config: Config, labels: readonly string[] | undefined): Json {
  const { embedDim, numClasses } = config;
  return {
    dtype: 'float32',
    hidden_act: ACTIVATIONS[config.act],
    hidden_size: embedDim,
    image_size: sizeOf(config.imgSize),
    initializer_range: 0.02,
    layer_norm_eps: config.normEps,
    num_attention_heads: config.numHeads,
    num_channels: config.inChans,
    num_hidden_layers: config.depth,
    patch_size: sizeOf(config.patchSize),
    ...labelFields(numClasses, labels),
  };
}

/** The classes' names; nothing without classes. */
export function labelFields(numClasses: number, labels: readonly string[] | undefined): Json {
  if (numClasses === 0) return {};
  const names = Array.from({ length: numClasses }, (_, i) => labels?.[i] ?? `LABEL_${i}`);
  return {
    id2label: Object.fromEntries(names.entries()),
    label2id: Object.fromEntries(names.map((name, i) => [name, i])),
  };
}

/** A side for a square, as Transformers has it. */
export function sizeOf(size: ViTConfig['imgSize']): number | readonly number[] {
  if (typeof size === 'number') return size;
  return size[0] === size[1] ? size[0] : size;
}

const hidden = ({ embedDim, mlpRatio }: Config): number => Math.floor(embedDim * mlpRatio);

/** By the names of `tables` in objections.ts; `common` are its fields above. */
export const familyConfigs: Readonly<Record<string, (config: Config, common: Json) => Json>> = {
  dinov2(config, common) {
    const type = config.regTokens > 0 ? 'dinov2_with_registers' : 'dinov2';
    const name = config.regTokens > 0 ? 'Dinov2WithRegisters' : 'Dinov2';
    const gated = config.mlpLayer === 'swiglu';
    return {
      ...common,
      architectures: [config.numClasses > 0 ? `${name}ForImageClassification` : `${name}Model`],
      attention_probs_dropout_prob: config.attnDropRate,
      hidden_dropout_prob: config.projDropRate,
      layerscale_value: config.initValues,
      // Of a gated MLP two thirds are made, rounded up to eights.
      mlp_ratio: wholeRatio(config),
      model_type: type,
      qkv_bias: config.qkvBias,
      use_swiglu_ffn: gated,
      ...(config.regTokens > 0 && { num_register_tokens: config.regTokens }),
    };
  },
  clip: (config, common) => ({
    ...withoutLabels(common),
    architectures: [config.numClasses > 0 ? 'CLIPVisionModelWithProjection' : 'CLIPVisionModel'],
    attention_dropout: config.attnDropRate,
    intermediate_size: hidden(config),
    model_type: 'clip_vision_model',
    ...(config.numClasses > 0 && { projection_dim: config.numClasses }),
  }),
  siglip: (config, common) => ({
    ...common,
    architectures: ['SiglipVisionModel'],
    attention_dropout: config.attnDropRate,
    intermediate_size: hidden(config),
    model_type: 'siglip_vision_model',
  }),
  dinov3: (config, common) => ({
    ...common,
    architectures: ['DINOv3ViTModel'],
    attention_dropout: config.attnDropRate,
    ...(config.mlpLayer === 'swiglu' && { hidden_act: 'silu' }),
    intermediate_size: hidden(config),
    key_bias: config.qkvBias && config.keyBias,
    layerscale_value: config.initValues,
    mlp_bias: config.projBias,
    model_type: 'dinov3_vit',
    num_register_tokens: config.regTokens,
    proj_bias: config.projBias,
    query_bias: config.qkvBias,
    rope_theta: config.ropeTemperature ?? 100,
    use_gated_mlp: config.mlpLayer === 'swiglu',
    value_bias: config.qkvBias,
  }),
  beit: (config, common) => ({
    ...common,
    architectures: [config.numClasses > 0 ? 'BeitForImageClassification' : 'BeitModel'],
    attention_probs_dropout_prob: config.attnDropRate,
    hidden_dropout_prob: config.projDropRate,
    intermediate_size: hidden(config),
    layer_scale_init_value: config.initValues,
    model_type: 'beit',
    use_absolute_position_embeddings: config.posEmbed === 'learned1d',
    use_mask_token: config.maskToken,
    use_mean_pooling: true,
    use_relative_position_bias: config.relPosBias === 'layers',
    use_shared_relative_position_bias: config.relPosBias === 'shared',
  }),
};

/**
 * DINOv2's ratio, which is a whole number: of a gated MLP, that of which two thirds, rounded up to eights, are the hidden
 * width. Undefined where there is none.
 */
export function wholeRatio(config: Config): number | undefined {
  const { embedDim, mlpRatio, mlpLayer } = config;
  if (mlpLayer === 'mlp') return Number.isInteger(mlpRatio) ? mlpRatio : undefined;
  const width = hidden(config);
  const made = (ratio: number): number => 8 * Math.floor((Math.floor((Math.floor(embedDim * ratio) * 2) / 3) + 7) / 8);
  return [1, 2, 3, 4, 5, 6, 7, 8].find((ratio) => made(ratio) === width);
}

function withoutLabels({ id2label: _, label2id: __, ...fields }: Json): Json {
  return fields;
}
