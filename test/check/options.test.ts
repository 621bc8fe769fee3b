import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as vitrine from '../../lib/index.js';
import { packageRoot } from '../../lib/native.js';
import { AttentionPool } from '../../lib/nn/vit/attention-pool.js';
import { HybridEmbed } from '../../lib/nn/vit/hybrid-embed.js';
import { attentionWeights } from '../../lib/ops/attention-weights.js';

const { data, F, Model, nn, optim, ones, rand, randn, render, scope, tensor, ViT, zeros } = vitrine;

const image = () => ones([1, 1, 4, 4]);
const tokens = () => ones([1, 3, 4]);
const heads = () => ones([1, 1, 3, 4]);
const ints = (shape: number[]) => zeros(shape, { dtype: 'int32' });
const labels = () => tensor(new Int32Array([1]));
const parameter = () => ones([2], { requiresGrad: true });
const BLOCK = {
  ...{ dim: 4, numHeads: 1, mlpRatio: 1, qkvBias: true, qkNorm: false, projBias: true, normEps: 1e-6 },
  ...{ act: 'gelu', projDropRate: 0, attnDropRate: 0, dropPathRate: 0 },
} as const;
const { dim: _dim, numHeads: _heads, mlpRatio: _ratio, act: _act, dropPathRate: _path, ...ATTENTION } = BLOCK;
const TINY = { imgSize: 4, patchSize: 2, inChans: 1, embedDim: 8, depth: 1, numHeads: 1, numClasses: 2 };
const vit = (options = {}) => new ViT({ ...TINY, ...options });

const VIT = [
  ...[...Object.keys(vit().config), 'initValues', 'fcNorm', 'representationSize', 'resnetLayers'],
  ...['ropeTemperature', 'ropeGrid', 'ropeRegTemperature'],
];
const TINY_SWIN = { imgSize: 4, patchSize: 2, inChans: 1, embedDim: 4, depths: [1], numHeads: [1], windowSize: 2 };

const WARMUP = ['lr', 'warmupSteps', 'warmupLr'];

/** Calls that take options, by the interface of these. */
interface Taker {
  /** Options without which none are taken. */
  needs?: object;
  /** The names, where the interface is made of another. */
  names?: readonly string[];
  calls: Record<string, (options: never) => unknown>;
}

const LAYER_CALLS: Taker['calls'] = {
  'new TransformerEncoderLayer': (options) => new nn.TransformerEncoderLayer(4, 1, options),
  'new TransformerDecoderLayer': (options) => new nn.TransformerDecoderLayer(4, 1, options),
};

const SET = data.fromArrays({ images: new Uint8Array(4), labels: [0, 0, 1, 1], shape: [1, 1, 1] });

const VECTORS = { values: Float32Array.of(1, 2), labels: Int32Array.of(0, 0), count: 2, width: 1 };

const MAE = join(packageRoot, 'test/golden/mae');

const BYTES = { resize: 'none', crop: [1, 1], interpolation: 'bilinear', mean: [0], std: [1] } as const;

const TAKERS: Record<string, Taker> = {
  BackwardOptions: { calls: { 'backward()': (options) => parameter().sum().mul(2).backward(options) } },
  RandomOptions: {
    calls: {
      randint: (options) => vitrine.randint(0, 2, [1], options),
      randperm: (options) => vitrine.randperm(2, options),
      bernoulli: (options) => vitrine.bernoulli(image(), options),
      dropout: (options) => F.dropout(image(), 0.5, options),
      dropPath: (options) => F.dropPath(image(), 0.5, options),
      'init.normal': (options) => nn.init.normal(image(), 0, 1, options),
      'init.kaimingNormal': (options) => nn.init.kaimingNormal(image(), options),
    },
  },
  RandomTensorOptions: {
    names: ['dtype', 'requiresGrad', 'generator'],
    calls: { randn: (options) => randn([1], options), rand: (options) => rand([1], options) },
  },
  TransformWorkers: {
    needs: { worker: 'transform.mjs' },
    calls: {
      'DataLoader transform': (transform) =>
        new data.DataLoader(SET, { batchSize: 1, preprocessing: BYTES, transform }),
    },
  },
  LoraOptions: { calls: { applyLora: (options) => nn.applyLora(vit(), options) } },
  GradOptions: {
    calls: {
      grad: (options) => {
        const x = parameter();
        return vitrine.grad(x.sum(), x, options);
      },
    },
  },
  AdamOptions: { calls: { Adam: (options) => new optim.Adam([parameter()], options) } },
  AdamWOptions: {
    names: ['lr', 'betas', 'eps', 'weightDecay'],
    calls: { AdamW: (options) => new optim.AdamW([parameter()], options) },
  },
  'ops/AttentionOptions': { calls: { attention: (options) => F.attention(heads(), heads(), heads(), options) } },
  ObjectAttentionOptions: {
    calls: { 'render.objectAttention': (options) => render.objectAttention(vit(), image(), options) },
  },
  LoadMaskedAutoencoderOptions: {
    calls: { loadMaskedAutoencoder: (options) => vitrine.io.loadMaskedAutoencoder(MAE, options) },
  },
  SaveMaskedAutoencoderOptions: {
    calls: {
      saveMaskedAutoencoder: (options) =>
        vitrine.io.saveMaskedAutoencoder(new nn.MaskedAutoencoder(vit(), { decoderDim: 8 }), '/nowhere/mae', options),
    },
  },
  'render/AttentionOptions': { calls: { 'render.attention': (options) => render.attention(vit(), image(), options) } },
  AttentionCallOptions: {
    calls: {
      MultiheadAttention: (options) => new nn.MultiheadAttention(4, 1).forward(tokens(), tokens(), tokens(), options),
    },
  },
  AttentionMasks: {
    names: ['causal', 'keyPaddingMask', 'attnMask'],
    calls: {
      MultiheadAttention: (masks) => new nn.MultiheadAttention(4, 1).forward(tokens(), tokens(), tokens(), masks),
    },
  },
  AttentionModuleOptions: {
    needs: ATTENTION,
    names: [...Object.keys(ATTENTION), 'keyBias', 'attnNorm', 'normLayer', 'biasGrid'],
    calls: { Attention: (options) => new nn.Attention(4, 1, options) },
  },
  AttentionPoolOptions: {
    needs: { embedDim: 4, numHeads: 1, mlpRatio: 1, normEps: 1e-6, act: 'gelu' },
    calls: { AttentionPool: (options) => new AttentionPool(options) },
  },
  AttentionQkvOptions: { calls: { attentionQkv: (options) => F.attentionQkv(ones([1, 3, 12]), 1, options) } },
  AttentionWeightsOptions: {
    names: ['causal', 'keyPaddingMask', 'attnMask', 'scale', 'bias'],
    calls: { attentionWeights: (options) => attentionWeights(heads(), heads(), options) },
  },
  AvgPool2dOptions: {
    needs: { kernelSize: 2 },
    calls: {
      avgPool2d: (options) => F.avgPool2d(image(), options),
      AvgPool2d: (options) => new nn.AvgPool2d(options).forward(image()),
    },
  },
  BatchNormModuleOptions: {
    calls: {
      BatchNorm1d: (options) => new nn.BatchNorm1d(2, options),
      BatchNorm2d: (options) => new nn.BatchNorm2d(2, options),
    },
  },
  BatchNormOptions: {
    calls: {
      batchNorm: (options) => F.batchNorm(ones([2, 2]), ones([2]), ones([2]), undefined, undefined, options),
    },
  },
  BlockOptions: {
    needs: BLOCK,
    names: [
      ...[...Object.keys(BLOCK), 'initValues', 'mlpLayer', 'mlpNorm'],
      ...['keyBias', 'attnNorm', 'normLayer', 'biasGrid'],
    ],
    calls: { Block: (options) => new nn.Block(options) },
  },
  BufferOptions: {
    calls: {
      buffer: (options) => nn.buffer(ones([1]), options),
      registerBuffer: (options) => new nn.Linear(1, 1).registerBuffer('mean', ones([1]), options),
    },
  },
  ClampOptions: {
    needs: { min: 0 },
    calls: {
      clamp: (options) => F.clamp(ones([1]), options),
      clamp_: (options) => ones([1]).clamp_(options),
    },
  },
  Conv2dModuleOptions: { calls: { Conv2d: (options) => new nn.Conv2d(1, 1, 2, options) } },
  Conv2dOptions: { calls: { conv2d: (options) => F.conv2d(image(), ones([1, 1, 2, 2]), undefined, options) } },
  CosineScheduleOptions: {
    needs: { lr: 1, totalSteps: 5 },
    names: [...WARMUP, 'totalSteps', 'minLr', 'cycles', 'cycleMul', 'cycleDecay'],
    calls: { cosineSchedule: (options) => optim.cosineSchedule(options) },
  },
  CrossEntropyOptions: {
    calls: {
      crossEntropy: (options) => F.crossEntropy(ones([1, 2]), labels(), options),
      CrossEntropyLoss: (options) => new nn.CrossEntropyLoss(options),
    },
  },
  DecoderMasks: {
    calls: {
      TransformerDecoderLayer: (masks) => new nn.TransformerDecoderLayer(4, 1).forward(tokens(), tokens(), masks),
      TransformerDecoder: (masks) =>
        new nn.TransformerDecoder(new nn.TransformerDecoderLayer(4, 1), 1).forward(tokens(), tokens(), masks),
    },
  },
  EncoderMasks: {
    calls: {
      TransformerEncoderLayer: (masks) => new nn.TransformerEncoderLayer(4, 1).forward(tokens(), masks),
      TransformerEncoder: (masks) =>
        new nn.TransformerEncoder(new nn.TransformerEncoderLayer(4, 1), 1).forward(tokens(), masks),
    },
  },
  EmaOptions: { calls: { ModelEma: (options) => new vitrine.ModelEma(vit(), options) } },
  ExtractOptions: {
    needs: { preprocessing: BYTES },
    calls: { 'features.extract': (options) => vitrine.features.extract(vit(), SET, options) },
  },
  KnnOptions: { calls: { 'features.knn': (options) => vitrine.features.knn(VECTORS, VECTORS, options) } },
  LinearProbeOptions: {
    calls: { 'features.linearProbe': (options) => vitrine.features.linearProbe(VECTORS, VECTORS, options) },
  },
  NearestOptions: { calls: { 'features.nearest': (options) => vitrine.features.nearest(VECTORS, VECTORS, options) } },
  FeatureOptions: { calls: { 'ViT.features': (options) => vit().features(image(), options) } },
  FoldOptions: {
    needs: { kernelSize: 2, outputSize: 3 },
    calls: { fold: (options) => F.fold(ones([1, 4, 4]), options) },
  },
  ForwardHeadOptions: { calls: { forwardHead: (options) => vit().forwardHead(ones([1, 5, 8]), options) } },
  GELUOptions: { calls: { gelu: (options) => F.gelu(image(), options), GELU: (options) => new nn.GELU(options) } },
  GroupNormOptions: {
    calls: {
      groupNorm: (options) => F.groupNorm(ones([1, 2]), 1, undefined, undefined, options),
      GroupNorm: (options) => new nn.GroupNorm(1, 1, options),
    },
  },
  HtmlReportOptions: {
    names: ['title', 'train', 'test', 'classNames', 'settings'],
    calls: { HtmlReport: (options) => new vitrine.HtmlReport('report.html', options) },
  },
  HybridEmbedOptions: {
    needs: { patchSize: 1, inChans: 1, embedDim: 4, resnetLayers: [] },
    calls: { HybridEmbed: (options) => new HybridEmbed(options) },
  },
  IntermediateOptions: { calls: { intermediateLayers: (options) => vit().intermediateLayers(image(), 1, options) } },
  LambOptions: { calls: { Lamb: (options) => new optim.Lamb([parameter()], options) } },
  InterpolateOptions: {
    needs: { size: 3, mode: 'bilinear' },
    calls: {
      interpolate: (options) => F.interpolate(image(), options),
      Upsample: (options) => new nn.Upsample(options),
    },
  },
  LinearDecodeHeadOptions: {
    needs: { inChannels: [2], numClasses: 2 },
    names: ['inChannels', 'numClasses', 'batchNorm'],
    calls: { LinearDecodeHead: (options) => new nn.LinearDecodeHead(options) },
  },
  UPerHeadOptions: {
    needs: { inChannels: [2], numClasses: 2, channels: 2 },
    names: ['inChannels', 'numClasses', 'channels', 'poolScales'],
    calls: { UPerHead: (options) => new nn.UPerHead(options) },
  },
  MeanIoUOptions: { calls: { MeanIoU: (options) => new vitrine.MeanIoU(2, options) } },
  SegmentationOptions: {
    calls: { 'render.segmentation': (options) => render.segmentation(image(), ints([1, 4, 4]), options) },
  },
  DINOHeadOptions: {
    names: ['useBn', 'normLastLayer', 'nlayers', 'hiddenDim', 'bottleneckDim'],
    calls: { DINOHead: (options) => new nn.DINOHead(2, 2, options) },
  },
  DINOLossOptions: {
    names: ['numCrops', 'teacherTemp', 'warmupTeacherTemp', 'warmupTeacherTempEpochs', 'studentTemp', 'centerMomentum'],
    calls: { DINOLoss: (options) => new nn.DINOLoss(2, options) },
  },
  MultiCropLoaderOptions: {
    needs: { batchSize: 1, preprocessing: BYTES, localCrops: 1, localSize: 1 },
    names: [
      ...['batchSize', 'globalCrops', 'globalScale', 'localCrops', 'localSize', 'localScale'],
      'globalAugment',
      ...['shuffle', 'seed', 'dropLast', 'preprocessing'],
    ],
    calls: { MultiCropLoader: (options) => new data.MultiCropLoader(SET, options) },
  },
  LayerDecayOptions: { calls: { layerDecayGroups: (options) => optim.layerDecayGroups(vit(), options) } },
  LayerNormModuleOptions: { calls: { LayerNorm: (options) => new nn.LayerNorm(4, options) } },
  LayerNormResultOptions: {
    calls: { layerNorm: (options) => F.layerNorm(tokens(), undefined, undefined, options) },
  },
  LayerNormOptions: {
    calls: {
      rmsNorm: (options) => F.rmsNorm(tokens(), undefined, options),
      addLayerNorm: (options) => F.addLayerNorm(tokens(), tokens(), undefined, undefined, options),
    },
  },
  LinearModuleOptions: { calls: { Linear: (options) => new nn.Linear(4, 4, options) } },
  LinearOptions: {
    calls: {
      linear: (options) => F.linear(tokens(), ones([2, 4]), undefined, options),
      'Linear.forward': (options) => new nn.Linear(4, 2).forward(tokens(), options),
    },
  },
  LinearScheduleOptions: {
    needs: { lr: 1, totalSteps: 5 },
    names: [...WARMUP, 'totalSteps', 'minLr'],
    calls: { linearSchedule: (options) => optim.linearSchedule(options) },
  },
  LionOptions: { calls: { Lion: (options) => new optim.Lion([parameter()], options) } },
  LoadStateOptions: {
    calls: {
      loadStateDict: (options) => {
        const module = new nn.Linear(1, 1);
        return module.loadStateDict(module.stateDict(), options);
      },
    },
  },
  DiagonalOptions: { calls: { diagonal: (options) => ones([2, 2]).diagonal(options) } },
  SortOptions: {
    calls: { sort: (options) => ones([2, 2]).sort(options), argsort: (options) => ones([2, 2]).argsort(options) },
  },
  TraceOptions: {
    calls: {
      startTrace: (options) => {
        vitrine.startTrace(options);
        vitrine.stopTrace();
      },
    },
  },
  TopkOptions: { calls: { topk: (options) => ones([2, 2]).topk(1, options) } },
  MaskedAutoencoderOptions: { calls: { MaskedAutoencoder: (options) => new nn.MaskedAutoencoder(vit(), options) } },
  MatmulOptions: { calls: { matmul: (options) => F.matmul(ones([2, 2]), ones([2, 2]), options) } },
  MlpOptions: {
    needs: { act: 'relu', bias: true, drop: 0 },
    calls: { Mlp: (options) => new nn.Mlp(4, 4, options) },
  },
  SwiGLUOptions: {
    needs: { bias: true, drop: 0 },
    names: ['bias', 'drop', 'norm'],
    calls: { SwiGLU: (options) => new nn.SwiGLU(4, 4, options) },
  },
  RotaryOptions: {
    needs: { rope: 'eva', headDim: 4, temperature: 100 },
    calls: { RotaryPositions: (options) => new nn.RotaryPositions(options, [2, 2], 0) },
  },
  RotaryEmbeddingOptions: {
    calls: {
      rotaryEmbedding: (options) => F.rotaryEmbedding(ones([3, 4]), ones([3, 2]), ones([3, 2]), options),
      rotaryEmbeddingQkv: (options) => F.rotaryEmbeddingQkv(ones([1, 3, 12]), 1, ones([3, 2]), ones([3, 2]), options),
    },
  },
  ForwardFeaturesOptions: {
    calls: { 'ViT.forwardFeatures': (options) => vit().forwardFeatures(image(), options) },
  },
  MultiheadAttentionOptions: { calls: { MultiheadAttention: (options) => new nn.MultiheadAttention(4, 1, options) } },
  MultiStepScheduleOptions: {
    needs: { lr: 1, milestones: [2] },
    names: [...WARMUP, 'milestones', 'gamma'],
    calls: { multiStepSchedule: (options) => optim.multiStepSchedule(options) },
  },
  OneCycleScheduleOptions: {
    needs: { lr: 1, totalSteps: 5 },
    calls: { oneCycleSchedule: (options) => optim.oneCycleSchedule(options) },
  },
  ParameterGroup: {
    needs: { params: [parameter()] },
    calls: {
      SGD: (group) => new optim.SGD([group], { lr: 1 }),
      AdamW: (group) => new optim.AdamW([group]),
    },
  },
  PatchEmbedOptions: {
    needs: { patchSize: 2, inChans: 1, embedDim: 4 },
    calls: { PatchEmbed: (options) => new nn.PatchEmbed(options) },
  },
  PatchFilterOptions: { calls: { patchFilters: (options) => render.patchFilters(vit(), options) } },
  PlateauScheduleOptions: {
    needs: { lr: 1 },
    names: [...WARMUP, ...['mode', 'factor', 'patience', 'threshold', 'thresholdMode', 'cooldown', 'minLr', 'eps']],
    calls: { plateauSchedule: (options) => optim.plateauSchedule(options) },
  },
  PolyScheduleOptions: {
    needs: { lr: 1, totalSteps: 5 },
    names: [...WARMUP, 'totalSteps', 'minLr', 'power'],
    calls: { polySchedule: (options) => optim.polySchedule(options) },
  },
  AlongOptions: {
    calls: {
      max: (options) => F.max(tokens(), options),
      min: (options) => F.min(tokens(), options),
      argmax: (options) => F.argmax(tokens(), options),
      argmin: (options) => F.argmin(tokens(), options),
    },
  },
  NormOptions: { names: ['dim', 'keepDim', 'p'], calls: { norm: (options) => F.norm(tokens(), options) } },
  VarianceOptions: {
    names: ['dim', 'keepDim', 'correction'],
    calls: { var: (options) => F.var(tokens(), options), std: (options) => F.std(tokens(), options) },
  },
  LossOptions: {
    calls: {
      mseLoss: (options) => F.mseLoss(tokens(), tokens(), options),
      l1Loss: (options) => F.l1Loss(tokens(), tokens(), options),
      MSELoss: (options) => new nn.MSELoss(options),
      L1Loss: (options) => new nn.L1Loss(options),
    },
  },
  SmoothL1Options: {
    names: ['reduction', 'beta'],
    calls: {
      smoothL1Loss: (options) => F.smoothL1Loss(tokens(), tokens(), options),
      SmoothL1Loss: (options) => new nn.SmoothL1Loss(options),
    },
  },
  HuberOptions: {
    names: ['reduction', 'delta'],
    calls: {
      huberLoss: (options) => F.huberLoss(tokens(), tokens(), options),
      HuberLoss: (options) => new nn.HuberLoss(options),
    },
  },
  BCEOptions: {
    names: ['reduction', 'weight', 'posWeight'],
    calls: {
      binaryCrossEntropyWithLogits: (options) => F.binaryCrossEntropyWithLogits(tokens(), tokens(), options),
      BCEWithLogitsLoss: (options) => new nn.BCEWithLogitsLoss(options),
    },
  },
  KLDivOptions: {
    calls: {
      klDiv: (options) => F.klDiv(tokens(), tokens(), options),
      KLDivLoss: (options) => new nn.KLDivLoss(options),
    },
  },
  NLLOptions: {
    names: ['reduction', 'weight', 'ignoreIndex'],
    calls: {
      nllLoss: (options) => F.nllLoss(ones([1, 2]), labels(), options),
      NLLLoss: (options) => new nn.NLLLoss(options),
    },
  },
  EmbeddingOptions: {
    calls: {
      embedding: (options) => F.embedding(labels(), ones([2, 2]), options),
      Embedding: (options) => new nn.Embedding(2, 2, options),
    },
  },
  MultinomialOptions: {
    names: ['generator', 'replacement'],
    calls: { multinomial: (options) => vitrine.multinomial(ones([2]), 1, options) },
  },
  ReduceOptions: {
    calls: {
      sum: (options) => F.sum(tokens(), options),
      mean: (options) => F.mean(tokens(), options),
      amax: (options) => F.amax(tokens(), options),
      prod: (options) => F.prod(tokens(), options),
      logsumexp: (options) => F.logsumexp(tokens(), options),
      any: (options) => F.any(tokens(), options),
      all: (options) => F.all(tokens(), options),
      'Tensor.sum': (options) => tokens().sum(options),
      'Tensor.mean': (options) => tokens().mean(options),
    },
  },
  RMSNormOptions: { calls: { RMSNorm: (options) => new nn.RMSNorm(4, options) } },
  SGDOptions: { needs: { lr: 1 }, calls: { SGD: (options) => new optim.SGD([parameter()], options) } },
  StepScheduleOptions: {
    needs: { lr: 1, stepSize: 2 },
    names: [...WARMUP, 'stepSize', 'gamma'],
    calls: { stepSchedule: (options) => optim.stepSchedule(options) },
  },
  FeaturePyramidOptions: {
    names: ['outIndices', 'norm'],
    calls: {
      'Swin.featurePyramid': (options) => new nn.Swin(TINY_SWIN).featurePyramid(image(), options),
      'ViT.featurePyramid': (options) => vit().featurePyramid(image(), options),
      SegmentationModel: (options) =>
        new nn.SegmentationModel(vit(), new nn.LinearDecodeHead({ inChannels: [8], numClasses: 2 }), options),
    },
  },
  WindowAttentionOptions: {
    needs: { windowSize: 2 },
    calls: { windowAttention: (options) => F.windowAttention(ones([1, 2, 2, 6]), ones([9, 1]), options) },
  },
  ExportOptions: {
    names: ['externalData'],
    calls: { 'ViT.export': (options) => vit().export('never-written/model.onnx', options) },
  },
  SaveOptions: { calls: { 'ViT.save': (options) => vit().save('never-written/model.safetensors', options) } },
  ScaledDotProductAttentionOptions: {
    calls: {
      scaledDotProductAttention: (options) => F.scaledDotProductAttention(heads(), heads(), heads(), options),
    },
  },
  SummaryOptions: { calls: { summary: (options) => nn.summary(vit(), image(), options) } },
  TensorOptions: {
    calls: {
      tensor: (options) => tensor([1], [1], options),
      zeros: (options) => zeros([1], options),
      ones: (options) => ones([1], options),
      full: (options) => vitrine.full([1], 2, options),
      zerosLike: (options) => vitrine.zerosLike(parameter(), options),
      onesLike: (options) => vitrine.onesLike(parameter(), options),
      fullLike: (options) => vitrine.fullLike(parameter(), 2, options),
      arange: (options) => vitrine.arange(0, 3, 1, options),
      linspace: (options) => vitrine.linspace(0, 1, 3, options),
      eye: (options) => vitrine.eye(2, 2, options),
      randn: (options) => randn([1], options),
      rand: (options) => rand([1], options),
    },
  },
  TransformerLayerOptions: { calls: LAYER_CALLS },
  TransformerMasks: {
    calls: {
      Transformer: (masks) =>
        new nn.Transformer({ dModel: 4, nHead: 1, numEncoderLayers: 1, numDecoderLayers: 1 }).forward(
          tokens(),
          tokens(),
          masks,
        ),
    },
  },
  TransformerOptions: {
    needs: { dModel: 4, nHead: 1, numEncoderLayers: 1, numDecoderLayers: 1 },
    calls: { Transformer: (options) => new nn.Transformer(options) },
  },
  ViTOptions: {
    needs: TINY,
    names: VIT,
    calls: {
      ViT: (options) => new ViT(options),
      'ViT.create': (options) => ViT.create('vit_tiny_patch16_224', options),
      'ViT.fromPretrained': (options) => ViT.fromPretrained('no-such-file.safetensors', options),
    },
  },
  PretrainedOptions: {
    names: VIT,
    calls: { 'Model.fromPretrained': (options) => Model.fromPretrained('no-such-file.safetensors', options) },
  },
  ViTSummaryOptions: { calls: { 'ViT.summary': (options) => vit().summary(options) } },
  WarmupOptions: {
    needs: { lr: 1 },
    calls: { constantSchedule: (options) => optim.constantSchedule(options) },
  },
  AugmentOptions: {
    calls: { DataLoader: (augment) => new data.DataLoader(SET, { batchSize: 1, preprocessing: BYTES, augment }) },
  },
  ImageFolderOptions: { calls: { imageFolder: (options) => data.imageFolder('no-such-folder', options) } },
  CsvOptions: { calls: { csv: (options) => data.csv('no-such-file.csv', options) } },
  Cifar100Options: { calls: { cifar100: (options) => data.cifar100('no-such-folder', 'test', options) } },
  ParquetOptions: { calls: { parquet: (options) => data.parquet('no-such-file.parquet', options) } },
  SamplesOptions: { calls: { fromSamples: (options) => data.fromSamples([{ image: 'a', label: 0 }], options) } },
  StreamOptions: { calls: { stream: (options) => data.stream([], options) } },
  ClearCacheOptions: { calls: { clearCache: (options) => data.clearCache(options) } },
  TarOptions: { calls: { tar: (options) => data.tar('no-such-file.tar', options) } },
  KFoldOptions: { calls: { folds: (options) => data.folds(SET, 2, options) } },
  CrossValidateOptions: {
    calls: { crossValidate: (options) => vitrine.crossValidate(SET, () => ({}) as never, options) },
  },
  SplitOptions: { calls: { split: (options) => data.split(SET, 0.5, options) } },
  BalancedOptions: { calls: { balanced: (options) => data.balanced(SET, options) } },
  WindowOptions: {
    needs: { kernelSize: 2 },
    calls: {
      unfold: (options) => F.unfold(image(), options),
      MaxPool2d: (options) => new nn.MaxPool2d(options).forward(image()),
      maxPool2d: (options) => F.maxPool2d(image(), options),
    },
  },
};

/** What looks like the name of options, and is not what a user gives a function of lib; or is tested elsewhere. */
const OTHERS = new Map([
  ['RowGroup', 'what a parquet file holds'],
  ['ViTConfig', 'what ViTOptions become'],
  ['GridOptions', 'a part of ViTConfig, inside nn'],
  ['LayerDecayGroup', 'a ParameterGroup, which layerDecayGroups gives'],
  ['DataLoaderOptions', 'test/train and test/data'],
  ['FeedOptions', 'those of DataLoaderOptions'],
  ['RowGroup', 'rows of a Parquet file, inside data.parquet'],
  ['MixupOptions', 'what AugmentOptions become'],
  ['CropAugmentOptions', 'inside MultiCropLoader; test/nn/dino'],
  ['PolicyOptions', 'inside Augmentation'],
  ['StoreOptions', 'inside ImageFeed'],
  ['RandAugmentConfig', 'what a string becomes'],

  ['TrainerOptions', 'test/train'],
  ['EvaluateOptions', 'test/train'],
  ['CaptureOptions', 'test/train'],
  ['CompileOptions', 'test/train'],
  ['CheckpointOptions', 'test/train'],
  ['EarlyStoppingOptions', 'test/train'],
  ['FindLrOptions', 'test/train'],
  ['ImageResizeOptions', 'inside loadImages; test/ops'],
]);

const OPTIONS = /export (?:declare )?(?:interface|type) (\w*(?:Options|Masks|Group|Config|Workers))\b/g;
// These hold no functions of the library's users, or have tests of their own names: command line, report, files, data.
const PUBLIC = [
  'autograd',
  '',
  'ops',
  'nn',
  'nn/vit',
  'optim',
  'features',
  'render',
  'train',
  'data',
  'data/augment',
  'data/feed',
  'data/sets',
  'io',
  'io/formats',
  'io/pretrained',
];
const OF_FILES = /^(Preprocessing|Pretrained|Run)\w*Config$/;

/** Every interface of options in the declarations of lib, by name, with the declaration. */
function declared(): Map<string, { folder: string; text: string }[]> {
  const lib = fileURLToPath(new URL('../../lib/', import.meta.url));
  const found = new Map<string, { folder: string; text: string }[]>();
  for (const folder of PUBLIC) {
    for (const file of readdirSync(join(lib, folder)).filter((name) => name.endsWith('.d.ts'))) {
      const text = readFileSync(join(lib, folder, file), 'utf8');
      for (const match of text.matchAll(OPTIONS)) {
        const name = match[1] ?? '';
        found.set(name, [...(found.get(name) ?? []), { folder, text: text.slice(match.index) }]);
      }
    }
  }
  return found;
}

const DECLARED = declared();

/** The names in an interface and in those that it extends. */
function namesIn(name: string, folder?: string): string[] {
  const of = DECLARED.get(name)?.find((candidate) => folder === undefined || candidate.folder === folder);
  const declaration = /^export \w+ \w+(?: extends ([^{]+))? \{\n([\s\S]*?)\n\}/.exec(of?.text ?? '');
  const [, bases = '', body = ''] = declaration ?? [];
  const own = [...body.matchAll(/^ {4}(?:readonly )?(\w+)\??:/gm)].map((match) => match[1] ?? '');
  // Pick<Other, 'one' | 'two'> says the names itself.
  const picked = [...bases.matchAll(/'(\w+)'/g)].map((match) => match[1] ?? '');
  if (bases === '' || picked.length > 0) return [...picked, ...own];
  const inherited = namesIn(bases, 'ops');
  return [...(inherited.length > 0 ? inherited : namesIn(bases)), ...own];
}

/** Runs a call, synchronous or not, and gives the message of its failure. */
async function failureOf(call: () => unknown): Promise<string> {
  try {
    let result: unknown;
    scope(() => {
      result = call();
    });
    await result;
  } catch (error) {
    assert.ok(error instanceof TypeError, `a TypeError: ${error}`);
    return error.message;
  }
  return 'none';
}

describe('options', () => {
  it('of every interface are in the table of this test', () => {
    const listed = new Set(Object.keys(TAKERS).map((name) => name.split('/').at(-1) ?? ''));
    const missing = [...DECLARED.keys()].filter(
      (name) => !listed.has(name) && !OTHERS.has(name) && !OF_FILES.test(name) && !name.startsWith('TrainingStep'),
    );
    assert.deepEqual(missing, [], 'interfaces of options without an entry');
    assert.ok(DECLARED.size > 35, 'the declarations were found');
  });

  for (const [key, { needs = {}, names, calls }] of Object.entries(TAKERS)) {
    const [name = '', folder] = key.split('/').reverse();
    const known = names ?? namesIn(name, folder);

    for (const [where, call] of Object.entries(calls)) {
      const failure = (options: unknown): Promise<string> => failureOf(() => call(options as never));

      it(`${key}: ${where} refuses an unknown one, with the nearest name`, async () => {
        assert.ok(known.length > 0, 'its names are known');
        const unknown = await failure({ ...needs, noSuchOption: 1 });
        assert.match(unknown, /^Expected an option among .* but received 'noSuchOption'\./);
        const [first = ''] = known.filter((option) => option.length > 3);
        if (first === '') return; // too short a name to be near to
        const snake = first.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
        const misspelt = snake === first ? `${first}s` : snake;
        assert.match(await failure({ ...needs, [misspelt]: 1 }), new RegExp(`Did you mean ${first}\\?$`));
      });

      it(`${key}: ${where} refuses options that are no object`, async () => {
        for (const wrong of [null, 3, 'x', [], true]) {
          assert.match(await failure(wrong), /^Expected .* but received/, String(wrong));
        }
      });

      for (const option of known) {
        it(`${key}: ${where} refuses ${option} of a wrong type`, async () => {
          for (const wrong of [{}, null, Symbol('wrong'), () => 1, Number.NaN]) {
            assert.match(await failure({ ...needs, [option]: wrong }), /^Expected .* but received/, String(wrong));
          }
        });
      }
    }
  }
});
