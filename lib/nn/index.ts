/** Modules, and `init` for their values. */

export type { Pair } from '../check.js';
export { GELU, LogSigmoid, LogSoftmax, QuickGELU, ReLU, Sigmoid, SiLU, Softmax, Tanh } from './activation.js';
export { BatchNorm1d, BatchNorm2d, type BatchNormModuleOptions } from './batch-norm.js';
export { Conv2d, type Conv2dModuleOptions } from './conv2d.js';
export { cancelGradientsLastLayer, DINOHead, type DINOHeadOptions, type WeightNormLinear } from './dino/dino-head.js';
export { DINOLoss, type DINOLossOptions } from './dino/dino-loss.js';
export { MultiCropWrapper } from './dino/multi-crop.js';
export { Dropout, DropPath } from './dropout.js';
export { Embedding } from './embedding.js';
export type { FeatureMapInfo, FeaturePyramidOptions, PyramidBackbone } from './feature-pyramid.js';
export type { FeatureExtractor, FeatureOptions, FeaturePool } from './features.js';
export { GroupNorm } from './group-norm.js';
export type { ForwardHook, ForwardPreHook, HookHandle } from './hooks.js';
export * as init from './init.js';
export { LayerNorm, type LayerNormModuleOptions } from './layer-norm.js';
export { Linear, type LinearModuleOptions } from './linear.js';
export { applyLora, type Lora, type LoraOptions } from './lora.js';
export type { LoraBranch } from './lora-branch.js';
export {
  BCEWithLogitsLoss,
  CrossEntropyLoss,
  HuberLoss,
  KLDivLoss,
  L1Loss,
  MSELoss,
  NLLLoss,
  SmoothL1Loss,
} from './losses.js';
export {
  MaskedAutoencoder,
  type MaskedAutoencoderOptions,
  patchify,
  type RandomMask,
  randomMask,
} from './masked-autoencoder.js';
export { Module } from './module.js';
export { ModuleDict } from './module-dict.js';
export { ModuleList } from './module-list.js';
export {
  type AttentionCallOptions,
  type AttentionMasks,
  MultiheadAttention,
  type MultiheadAttentionOptions,
} from './multihead-attention.js';
export { ParameterList } from './parameter-list.js';
export { PatchEmbed, type PatchEmbedOptions, type PatchRoute, type Projection } from './patch-embed.js';
export { AdaptiveAvgPool2d, AvgPool2d, MaxPool2d } from './pooling.js';
export { type BufferOptions, buffer, parameter } from './registered.js';
export type { Grid } from './resample.js';
export { RMSNorm, type RMSNormOptions } from './rms-norm.js';
export type { ConvNorm } from './segmentation/conv-norm.js';
export { DecodeHead, type DecodeHeadOptions } from './segmentation/decode-head.js';
export { LinearDecodeHead, type LinearDecodeHeadOptions } from './segmentation/linear-head.js';
export type { PyramidPooling } from './segmentation/pyramid-pooling.js';
export { SegmentationModel } from './segmentation/segmentation-model.js';
export { UPerHead, type UPerHeadOptions } from './segmentation/uper-head.js';
export { type Layer, Sequential } from './sequential.js';
export { Flatten, Identity } from './shape.js';
export type { LoadReport, LoadStateOptions } from './state.js';
export { type ModelSummary, type SummaryOptions, type SummaryRow, summary } from './summary.js';
export type { SwinBlock } from './swin/block.js';
export type { SwinConfig, SwinOptions } from './swin/config.js';
export type { SwinHead } from './swin/head.js';
export { PatchMerging } from './swin/patch-merging.js';
export type { NormedPatchEmbed, SwinStage } from './swin/stage.js';
export { Swin } from './swin/swin.js';
export type { SwinAttention, WindowAttentionSettings } from './swin/window-attention.js';
export { Transformer, type TransformerMasks, type TransformerOptions } from './transformer.js';
export { type DecoderMasks, TransformerDecoder, TransformerDecoderLayer } from './transformer-decoder.js';
export {
  type EncoderMasks,
  TransformerEncoder,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from './transformer-encoder.js';
export { Upsample } from './upsample.js';
export { Attention, type AttentionModuleOptions, type AttentionPlaces } from './vit/attention.js';
export type { AttentionPool } from './vit/attention-pool.js';
export { Block, type BlockOptions } from './vit/block.js';
export type { PosEmbed, PosEmbedPlacement, ViTConfig, ViTOptions } from './vit/config.js';
export type { ForwardHeadOptions, GlobalPool } from './vit/head.js';
export type { WeightInit } from './vit/init.js';
export type { IntermediateOptions } from './vit/intermediate.js';
export { LayerScale } from './vit/layer-scale.js';
export type { ForwardFeaturesOptions } from './vit/mask-token.js';
export { type InnerNorm, Mlp, type MlpActivation, type MlpOptions, SwiGLU, type SwiGLUOptions } from './vit/mlp.js';
export type { Norm } from './vit/norm.js';
export type { FamilyParts, MlpLayer, NormLayer, RelPosBias, Rope } from './vit/parts.js';
export type { Pooling } from './vit/pool.js';
export type { PreLogits } from './vit/pre-logits.js';
export type { RelativePositionBias } from './vit/relative-position-bias.js';
export type { RelativePositions } from './vit/relative-positions.js';
export { type RotaryOptions, RotaryPositions, type RotaryRegisters, type RotaryTable } from './vit/rotary.js';
export { ViT, type ViTSummaryOptions } from './vit/vit.js';
