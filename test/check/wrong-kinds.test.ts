import assert from 'node:assert/strict';
import * as vitrine from '../../lib/index.js';
import * as compare from '../../lib/ops/compare.js';
import * as elementwise from '../../lib/ops/elementwise.js';
import * as extrema from '../../lib/ops/extrema.js';
import * as reductions from '../../lib/ops/reductions.js';
import * as unary from '../../lib/ops/unary.js';
import { returnsMemory } from '../native-op.js';

const { autograd, F, nn, ones, optim, scope, tensor, ViT } = vitrine;

const x = () => ones([1, 2, 4]);
const image = () => ones([1, 2, 4, 4]);
const heads = () => ones([1, 1, 3, 4]);
const ints = () => tensor(new Int32Array([1]));

/** Those of functions of one tensor. */
const ofOne = Object.fromEntries(Object.keys(unary).map((name) => [name, () => [x()]]));

/** Those of functions of two, one of which may be a number. */
const ofTwo = Object.fromEntries(Object.keys({ ...compare, ...elementwise }).map((name) => [name, () => [x(), x()]]));

/** Reductions. */
const ofRows = Object.fromEntries(Object.keys({ ...extrema, ...reductions }).map((name) => [name, () => [x(), {}]]));

/** Good arguments of every function of F, by its name; every one of them is then spoilt. */
const FUNCTIONS: Record<keyof typeof F, () => unknown[]> = {
  ...(ofTwo as Record<keyof (typeof compare & typeof elementwise), () => unknown[]>),
  ...(ofOne as Record<keyof typeof unary, () => unknown[]>), // as made above
  ...(ofRows as Record<keyof (typeof extrema & typeof reductions), () => unknown[]>),
  windowAttention: () => [ones([1, 2, 2, 6]), ones([9, 1]), { windowSize: 2 }],
  logSoftmax: () => [x(), 0],
  mseLoss: () => [x(), x(), {}],
  l1Loss: () => [x(), x(), {}],
  smoothL1Loss: () => [x(), x(), {}],
  huberLoss: () => [x(), x(), {}],
  binaryCrossEntropyWithLogits: () => [x(), x(), {}],
  klDiv: () => [x(), x(), {}],
  nllLoss: () => [ones([1, 2]), ints(), {}],
  addLayerNorm: () => [x(), x(), ones([4]), ones([4]), {}],
  argsort: () => [x(), {}],
  attention: () => [heads(), heads(), heads(), {}],
  quickGelu: () => [x()],
  swiglu: () => [x()],
  rotaryEmbedding: () => [x(), ones([2, 2]), ones([2, 2]), {}],
  rotaryEmbeddingQkv: () => [ones([1, 3, 12]), 1, ones([3, 2]), ones([3, 2]), {}],
  attentionQkv: () => [ones([1, 3, 12]), 1, {}],
  avgPool2d: () => [image(), { kernelSize: 2 }],
  batchNorm: () => [x(), ones([2]), ones([2]), ones([2]), ones([2]), {}],
  cat: () => [[x(), x()], 0],
  chunk: () => [x(), 2, 1],
  checkpoint: () => [(t: vitrine.Tensor) => t, x()],
  clamp: () => [x(), { min: 0 }],
  clone: () => [x()],
  float: () => [x()],
  bfloat16: () => [x()],
  conv2d: () => [image(), ones([1, 2, 2, 2]), ones([1]), {}],
  crossEntropy: () => [ones([1, 2]), ints(), {}],
  cumsum: () => [x(), 1],
  diagonal: () => [x(), {}],
  dropPath: () => [x(), 0.5],
  dropout: () => [x(), 0.5],
  einsum: () => ['ijk,kl->il', x(), ones([4, 3])],
  embedding: () => [ints(), ones([2, 2]), {}],
  expand: () => [x(), [3, 2, 4]],
  expandAs: () => [x(), ones([3, 2, 4])],
  flatten: () => [x(), 0, 1],
  flip: () => [x(), [1]],
  fold: () => [ones([1, 4, 4]), { kernelSize: 2, outputSize: 3 }],
  gather: () => [x(), 0, tensor(new Int32Array([0]), [1, 1, 1])],
  gelu: () => [x(), {}],
  groupNorm: () => [x(), 1, ones([2]), ones([2]), {}],
  image2embConv: () => [image(), ones([3, 2, 2, 2]), 2],
  image2embNaive: () => [image(), 2, ones([8, 3])],
  index: () => [x(), [0]],
  indexSelect: () => [x(), 1, ints()],
  adaptiveAvgPool2d: () => [image(), 3],
  interpolate: () => [image(), { size: 3 }],
  layerNorm: () => [x(), ones([4]), ones([4]), {}],
  linear: () => [x(), ones([2, 4]), ones([2]), {}],
  maskedFill: () => [x(), ints(), 1],
  matmul: () => [ones([2, 2]), ones([2, 2]), {}],
  maxPool2d: () => [image(), { kernelSize: 2 }],
  mean: () => [x(), {}],
  movedim: () => [x(), 0, 1],
  narrow: () => [x(), 1, 0, 1],
  nonzero: () => [x()],
  outer: () => [ones([2]), ones([3])],
  pad: () => [image(), [1, 1, 1, 1], 0],
  patchEmbed: () => [image(), ones([3, 2, 2, 2]), ones([3])],
  permute: () => [x(), [0, 2, 1]],
  pow: () => [x(), 3],
  relu: () => [x()],
  repeat: () => [x(), [1, 2, 1]],
  repeatInterleave: () => [x(), 2, 1],
  reshape: () => [x(), [8]],
  roll: () => [x(), 1, 1],
  rmsNorm: () => [x(), ones([4]), {}],
  scaledDotProductAttention: () => [heads(), heads(), heads(), {}],
  scatter: () => [x(), 0, tensor(new Int32Array([0]), [1, 1, 1]), x()],
  scatterAdd: () => [x(), 0, tensor(new Int32Array([0]), [1, 1, 1]), x()],
  select: () => [x(), 1, 0],
  sort: () => [x(), {}],
  slice: () => [x(), 1, 0, 1],
  softmax: () => [x(), 0],
  split: () => [x(), 1, 1],
  squeeze: () => [x(), [0]],
  stack: () => [[x(), x()], 0],
  sum: () => [x(), {}],
  tanh: () => [x()],
  to: () => [x(), 'float32'],
  tile: () => [x(), [1, 2, 1]],
  topk: () => [x(), 1, {}],
  transpose: () => [x(), 0, 1],
  tril: () => [x(), 0],
  triu: () => [x(), 0],
  unbind: () => [x(), 1],
  unflatten: () => [x(), 1, [2, 1]],
  unfold: () => [image(), { kernelSize: 2 }],
  unsqueeze: () => [x(), 0],
  where: () => [ints(), x(), x()],
};

const linear = () => new nn.Linear(4, 4);
const swin = () =>
  new nn.Swin({ imgSize: 8, patchSize: 2, inChans: 1, embedDim: 4, depths: [1], numHeads: [1], windowSize: 2 });
const vit = () => new ViT({ imgSize: 4, patchSize: 2, inChans: 1, embedDim: 4, depth: 1, numHeads: 1, numClasses: 2 });
const segmenter = () => new nn.SegmentationModel(vit(), new nn.LinearDecodeHead({ inChannels: [4], numClasses: 2 }));
const block = {
  ...{ dim: 4, numHeads: 1, mlpRatio: 1, qkvBias: true, qkNorm: false, projBias: true, normEps: 1e-6 },
  ...({ act: 'gelu', projDropRate: 0, attnDropRate: 0, dropPathRate: 0 } as const),
};
const { dim: _dim, numHeads: _heads, mlpRatio: _ratio, act: _act, dropPathRate: _path, ...attention } = block;
const encoderLayer = () => new nn.TransformerEncoderLayer(4, 1);
const decoderLayer = () => new nn.TransformerDecoderLayer(4, 1);

/** Good arguments of constructors and, after a slash, of what they make; `make` gives what has the method. */
const MODULES: Record<string, { make?: () => object; args: () => unknown[] }> = {
  Attention: { args: () => [4, 1, attention] },
  'Attention/forward': { make: () => new nn.Attention(4, 1, attention), args: () => [x(), x()] },
  AdaptiveAvgPool2d: { args: () => [2] },
  'AdaptiveAvgPool2d/forward': { make: () => new nn.AdaptiveAvgPool2d(2), args: () => [image()] },
  Upsample: { args: () => [{ size: 3 }] },
  'Upsample/forward': { make: () => new nn.Upsample({ size: 3 }), args: () => [image()] },
  DecodeHead: { args: () => [] },
  LinearDecodeHead: { args: () => [{ inChannels: [2], numClasses: 2 }] },
  'LinearDecodeHead/forward': {
    make: () => new nn.LinearDecodeHead({ inChannels: [2], numClasses: 2 }),
    args: () => [[image()]],
  },
  UPerHead: { args: () => [{ inChannels: [2], numClasses: 2, channels: 2 }] },
  'UPerHead/forward': {
    make: () => new nn.UPerHead({ inChannels: [2], numClasses: 2, channels: 2, poolScales: [2] }),
    args: () => [[image()]],
  },
  SegmentationModel: { args: () => [vit(), segmenter().decodeHead, {}] },
  'SegmentationModel/forward': { make: segmenter, args: () => [ones([1, 1, 4, 4])] },
  AvgPool2d: { args: () => [{ kernelSize: 2 }] },
  'AvgPool2d/forward': { make: () => new nn.AvgPool2d({ kernelSize: 2 }), args: () => [image()] },
  BatchNorm1d: { args: () => [2, {}] },
  'BatchNorm1d/forward': { make: () => new nn.BatchNorm1d(2), args: () => [x()] },
  BatchNorm2d: { args: () => [2, {}] },
  'BatchNorm2d/forward': { make: () => new nn.BatchNorm2d(2), args: () => [image()] },
  Block: { args: () => [block] },
  'Block/forward': { make: () => new nn.Block(block), args: () => [x()] },
  Conv2d: { args: () => [2, 1, 2, {}] },
  'Conv2d/forward': { make: () => new nn.Conv2d(2, 1, 2), args: () => [image()] },
  ...Object.fromEntries(
    (['MSELoss', 'L1Loss', 'SmoothL1Loss', 'HuberLoss', 'KLDivLoss', 'BCEWithLogitsLoss'] as const).flatMap((name) => [
      [name, { args: () => [{}] }],
      [`${name}/forward`, { make: () => new nn[name](), args: () => [x(), x()] }],
    ]),
  ),
  ...Object.fromEntries(
    (['CrossEntropyLoss', 'NLLLoss'] as const).flatMap((name) => [
      [name, { args: () => [{}] }],
      [`${name}/forward`, { make: () => new nn[name](), args: () => [ones([1, 2]), ints()] }],
    ]),
  ),
  ...Object.fromEntries(
    (['SiLU', 'QuickGELU', 'Sigmoid', 'LogSigmoid', 'Tanh', 'Softmax', 'LogSoftmax'] as const).flatMap((name) => [
      [name, { args: () => (name.endsWith('max') ? [1] : []) }],
      [`${name}/forward`, { make: () => new nn[name](), args: () => [x()] }],
    ]),
  ),
  cancelGradientsLastLayer: { args: () => [0, new nn.DINOHead(2, 2, { hiddenDim: 2, bottleneckDim: 2 }), 1] },
  DINOHead: { args: () => [2, 2, { hiddenDim: 2, bottleneckDim: 2 }] },
  'DINOHead/forward': {
    make: () => new nn.DINOHead(2, 2, { hiddenDim: 2, bottleneckDim: 2 }),
    args: () => [ones([1, 2])],
  },
  DINOLoss: { args: () => [2, {}] },
  'DINOLoss/forward': { make: () => new nn.DINOLoss(2, { numCrops: 2 }), args: () => [ones([2, 2]), ones([2, 2]), 0] },
  MultiCropWrapper: { args: () => [vit(), new nn.DINOHead(4, 2, { hiddenDim: 2, bottleneckDim: 2 })] },
  'MultiCropWrapper/forward': {
    make: () => new nn.MultiCropWrapper(vit(), new nn.DINOHead(4, 2, { hiddenDim: 2, bottleneckDim: 2 })),
    args: () => [[ones([1, 1, 4, 4])]],
  },
  DropPath: { args: () => [0.1] },
  'DropPath/forward': { make: () => new nn.DropPath(0.5), args: () => [x()] },
  Dropout: { args: () => [0.1] },
  'Dropout/forward': { make: () => new nn.Dropout(0.5), args: () => [x()] },
  Embedding: { args: () => [2, 2, {}] },
  'Embedding/forward': { make: () => new nn.Embedding(2, 2), args: () => [ints()] },
  Flatten: { args: () => [1, -1] },
  'Flatten/forward': { make: () => new nn.Flatten(), args: () => [x()] },
  GELU: { args: () => [{}] },
  'GELU/forward': { make: () => new nn.GELU(), args: () => [x()] },
  GroupNorm: { args: () => [1, 2, {}] },
  'GroupNorm/forward': { make: () => new nn.GroupNorm(1, 2), args: () => [x()] },
  Identity: { args: () => [] },
  LayerNorm: { args: () => [4, {}] },
  'LayerNorm/forward': { make: () => new nn.LayerNorm(4), args: () => [x()] },
  PatchMerging: { args: () => [2, 1, 1e-5] },
  'PatchMerging/forward': { make: () => new nn.PatchMerging(2), args: () => [ones([1, 2, 2, 2])] },
  LayerScale: { args: () => [4, 1] },
  'LayerScale/forward': { make: () => new nn.LayerScale(4, 1), args: () => [x()] },
  Linear: { args: () => [4, 4, {}] },
  'Linear/forward': { make: linear, args: () => [x()] },
  RotaryPositions: { args: () => [{ rope: 'eva', headDim: 4, temperature: 100 }, [2, 2], 1] },
  'RotaryPositions/forward': {
    make: () => new nn.RotaryPositions({ rope: 'eva', headDim: 4, temperature: 100 }, [2, 2], 1),
    args: () => [[2, 2]],
  },
  SwiGLU: { args: () => [4, 4, { bias: true, drop: 0 }] },
  'SwiGLU/forward': { make: () => new nn.SwiGLU(4, 4, { bias: true, drop: 0 }), args: () => [x(), x()] },
  Mlp: { args: () => [4, 4, { act: 'relu', bias: true, drop: 0 }] },
  'Mlp/forward': { make: () => new nn.Mlp(4, 4, { act: 'relu', bias: true, drop: 0 }), args: () => [x(), x()] },
  MaxPool2d: { args: () => [{ kernelSize: 2 }] },
  'MaxPool2d/forward': { make: () => new nn.MaxPool2d({ kernelSize: 2 }), args: () => [image()] },
  'Module/loadStateDict': { make: linear, args: () => [linear().stateDict(), {}] },
  'Module/train': { make: linear, args: () => [true] },
  'Module/freeze': { make: linear, args: () => ['weight'] },
  'Module/unfreeze': { make: linear, args: () => ['weight'] },
  ModuleDict: { args: () => [{ a: linear() }] },
  MaskedAutoencoder: { args: () => [vit(), { decoderDim: 8 }] },
  ModuleList: { args: () => [[linear()]] },
  'ModuleList/at': { make: () => new nn.ModuleList([linear()]), args: () => [0] },
  'ModuleList/append': { make: () => new nn.ModuleList([]), args: () => [linear()] },
  MultiheadAttention: { args: () => [4, 1, {}] },
  'MultiheadAttention/forward': { make: () => new nn.MultiheadAttention(4, 1), args: () => [x(), x(), x(), {}] },
  ParameterList: { args: () => [[ones([1])]] },
  'ParameterList/append': { make: () => new nn.ParameterList(), args: () => [ones([1])] },
  'ParameterList/at': { make: () => new nn.ParameterList([ones([1])]), args: () => [0] },
  PatchEmbed: { args: () => [{ patchSize: 2, inChans: 2, embedDim: 4 }] },
  'PatchEmbed/forward': {
    make: () => new nn.PatchEmbed({ patchSize: 2, inChans: 2, embedDim: 4 }),
    args: () => [image()],
  },
  RMSNorm: { args: () => [4, {}] },
  'RMSNorm/forward': { make: () => new nn.RMSNorm(4), args: () => [x()] },
  ReLU: { args: () => [] },
  'ReLU/forward': { make: () => new nn.ReLU(), args: () => [x()] },
  Sequential: { args: () => [linear()] },
  'Sequential/forward': { make: () => new nn.Sequential(linear()), args: () => [x()] },
  Transformer: { args: () => [{ dModel: 4, nHead: 1, numEncoderLayers: 1, numDecoderLayers: 1 }] },
  'Transformer/forward': {
    make: () => new nn.Transformer({ dModel: 4, nHead: 1, numEncoderLayers: 1, numDecoderLayers: 1 }),
    args: () => [x(), x(), {}],
  },
  TransformerDecoder: { args: () => [decoderLayer(), 1, new nn.LayerNorm(4)] },
  'TransformerDecoder/forward': {
    make: () => new nn.TransformerDecoder(decoderLayer(), 1),
    args: () => [x(), x(), {}],
  },
  TransformerDecoderLayer: { args: () => [4, 1, {}] },
  'TransformerDecoderLayer/forward': { make: decoderLayer, args: () => [x(), x(), {}] },
  TransformerEncoder: { args: () => [encoderLayer(), 1, new nn.LayerNorm(4)] },
  'TransformerEncoder/forward': { make: () => new nn.TransformerEncoder(encoderLayer(), 1), args: () => [x(), {}] },
  TransformerEncoderLayer: { args: () => [4, 1, {}] },
  'TransformerEncoderLayer/forward': { make: encoderLayer, args: () => [x(), {}] },
  Swin: { args: () => [{}] },
  'Swin/forward': { make: swin, args: () => [ones([1, 1, 8, 8])] },
  'Swin/forwardFeatures': { make: swin, args: () => [ones([1, 1, 8, 8])] },
  'Swin/featurePyramid': { make: swin, args: () => [ones([1, 1, 8, 8]), {}] },
  'Swin/featureInfo': { make: swin, args: () => [1] },
  'Swin/setGradCheckpointing': { make: swin, args: () => [true] },
  ViT: { args: () => [{}] },
  'ViT/forward': { make: vit, args: () => [ones([1, 1, 4, 4])] },
  'ViT/forwardFeatures': { make: vit, args: () => [ones([1, 1, 4, 4])] },
  'ViT/forwardHead': { make: vit, args: () => [ones([1, 5, 4])] },
  'ViT/pool': { make: vit, args: () => [ones([1, 5, 4]), 'avg'] },
  'ViT/resetClassifier': { make: vit, args: () => [3, 'avg'] },
  'ViT/intermediateLayers': { make: vit, args: () => [ones([1, 1, 4, 4]), 1, {}] },
  'ViT/featurePyramid': { make: vit, args: () => [ones([1, 1, 4, 4]), {}] },
  'ViT/featureInfo': { make: vit, args: () => [1] },
  'ViT/attentionMaps': { make: vit, args: () => [ones([1, 1, 4, 4])] },
  'ViT/attentionRollout': { make: vit, args: () => [ones([1, 1, 4, 4])] },
  'ViT/setGradCheckpointing': { make: vit, args: () => [true] },
};

const others: Record<string, { call: (...args: never[]) => unknown; args: () => unknown[] }> = {
  'nn.buffer': { call: nn.buffer, args: () => [ones([1]), {}] },
  'nn.parameter': { call: nn.parameter, args: () => [ones([1])] },
  'nn.summary': { call: nn.summary, args: () => [linear(), x(), {}] },
  tensor: { call: tensor, args: () => [[1], [1], {}] },
  zeros: { call: vitrine.zeros, args: () => [[1], {}] },
  full: { call: vitrine.full, args: () => [[1], 1, {}] },
  zerosLike: { call: vitrine.zerosLike, args: () => [x(), {}] },
  onesLike: { call: vitrine.onesLike, args: () => [x(), {}] },
  fullLike: { call: vitrine.fullLike, args: () => [x(), 1, {}] },
  arange: { call: vitrine.arange as () => unknown, args: () => [0, 4, 1, {}] },
  linspace: { call: vitrine.linspace, args: () => [0, 1, 3, {}] },
  eye: { call: vitrine.eye as () => unknown, args: () => [2, 3, {}] },
  randint: { call: vitrine.randint, args: () => [0, 2, [1]] },
  randperm: { call: vitrine.randperm, args: () => [3, {}] },
  multinomial: { call: vitrine.multinomial, args: () => [ones([3]), 1, {}] },
  manualSeed: { call: vitrine.manualSeed, args: () => [1] },
  setRandomState: { call: vitrine.setRandomState, args: () => [[0, 0, 0, 0]] },
  setThreads: { call: vitrine.setThreads, args: () => [2] },
  backward: { call: vitrine.backward, args: () => [ones([1], { requiresGrad: true }).mul(2)] },
  grad: {
    call: vitrine.grad,
    args: () => {
      const leaf = ones([1], { requiresGrad: true });
      return [leaf.mul(2), [leaf], {}];
    },
  },
  registerHook: {
    call: autograd.registerHook,
    args: () => [ones([1], { requiresGrad: true }), (dy: vitrine.Tensor) => dy],
  },
  retainGrad: { call: autograd.retainGrad, args: () => [ones([1], { requiresGrad: true })] },
  detectAnomaly: { call: autograd.detectAnomaly, args: () => [() => 1] },
  setDetectAnomaly: { call: autograd.setDetectAnomaly, args: () => [false] },
  keep: { call: vitrine.keep, args: () => [x()] },
  'Tensor.set': { call: (values: number[]) => ones([2]).set(values), args: () => [[1, 2]] },
  ...Object.fromEntries(
    (['add_', 'sub_', 'mul_', 'div_', 'copy_', 'fill_'] as const).map((name) => [
      `Tensor.${name}`,
      { call: (other: number) => ones([2])[name](other), args: () => [2] },
    ]),
  ),
  'Tensor.clamp_': { call: (options: object) => ones([2]).clamp_(options), args: () => [{ min: 0 }] },
  'Tensor.add': { call: (other: number) => ones([2]).add(other), args: () => [2] },
  SGD: { call: (...a: [[], never]) => new optim.SGD(...a), args: () => [[ones([1])], { lr: 1 }] },
  AdamW: { call: (...a: [[], never]) => new optim.AdamW(...a), args: () => [[ones([1])], {}] },
  clipGradNorm: { call: optim.clipGradNorm, args: () => [[ones([1])], 1] },
  gradientNorm: { call: optim.gradientNorm, args: () => [[ones([1])], 1] },
  layerDecayGroups: { call: optim.layerDecayGroups, args: () => [vit(), {}] },
  updateTeacher: { call: vitrine.updateTeacher, args: () => [linear(), linear(), 0.9] },
  cosineSchedule: { call: optim.cosineSchedule, args: () => [{ lr: 1, totalSteps: 2 }] },
  'ViT.create': { call: ViT.create, args: () => ['vit_tiny_patch16_224', {}] },
  ...Object.fromEntries(
    Object.entries(nn.init)
      .filter(([name]) => name !== 'withoutInit')
      .map(([name, call]) => [
        `nn.init.${name}`,
        { call: call as never, args: () => [ones([2, 2]), ...[0, 1].slice(0, call.length - 1)] },
      ]),
  ),
};

const WRONG = [undefined, null, 'x', {}, [], () => 1, Symbol('wrong'), Number.NaN, { shape: [1], dtype: 'float32' }];

// Whose number is a value that a tensor may hold.
const TAKE_NAN = [
  'Tensor.copy_',
  'Tensor.fill_',
  'scatter',
  'maskedFill',
  'pad',
  'tensor',
  'full',
  'fullLike',
  'nn.init.constant',
  'where',
];

/** Whether an argument may be what is tried: left out, an empty list, options without any, or a value. */
function mayBe(name: string, wrong: unknown, good: unknown): boolean {
  if (wrong === undefined) return true; // there is a default
  if (typeof wrong === 'function') return typeof good === 'function';
  if (Number.isNaN(wrong)) return TAKE_NAN.includes(name);
  const isEmpty = typeof wrong === 'object' && wrong !== null && Object.keys(wrong).length === 0;
  return isEmpty && typeof good === 'object' && Array.isArray(wrong) === Array.isArray(good);
}

/** Disposes what is no tensor of the scope: modules, optimizers. */
function dispose(...items: unknown[]): void {
  for (const item of items.flat(3)) (item as Partial<Disposable> | null)?.[Symbol.dispose]?.();
}

function checkEach(name: string, args: () => unknown[], call: (args: unknown[]) => unknown): void {
  it(`${name} takes good arguments`, () => scope(() => void call(args())));

  for (const [i] of args().entries()) {
    for (const wrong of WRONG) {
      it(`${name} answers in our words to ${wrong === undefined ? 'nothing' : String(wrong)} for argument ${i}`, () =>
        scope(() => {
          const good = args();
          try {
            call(good.with(i, wrong));
          } catch (error) {
            assert.ok(error instanceof Error);
            assert.match(error.message, /^Expected .+ but received|^Expected memory/, String(error.stack));
            assert.ok(error.message.length < 1500);
            return;
          }
          assert.ok(mayBe(name, wrong, good[i]), `${String(wrong)} is refused`);
        }));
    }
  }
}

describe('arguments of a wrong kind', () => {
  describe('of F', () => {
    const promised: unknown[] = []; // belongs to no scope
    afterEach(async () => dispose(...(await Promise.all(promised.splice(0)))));
    returnsMemory();
    for (const [name, args] of Object.entries(FUNCTIONS)) {
      checkEach(name, args, (given) => {
        const result = Reflect.apply(F[name as keyof typeof F] as () => unknown, undefined, given);
        if (result instanceof Promise) promised.push(result);
        return result;
      });
    }

    it('are tried for each function', () => {
      assert.deepEqual(Object.keys(FUNCTIONS).sort(), Object.keys(F).sort());
    });
  });

  describe('of nn', () => {
    for (const [name, { make, args }] of Object.entries(MODULES)) {
      const [type = '', method] = name.split('/');
      checkEach(`${name}`, args, (given) => {
        if (method === undefined) {
          const made = Reflect.construct(nn[type as keyof typeof nn] as new () => object, given);
          dispose(made, ...given);
          return;
        }
        const object = make?.() as Record<string, () => unknown>;
        try {
          return Reflect.apply(object[method], object, given);
        } finally {
          dispose(object, ...given);
        }
      });
    }

    it('are tried for each module', () => {
      const exported = Object.entries(nn).filter(
        ([name, value]) => typeof value === 'function' && /^[A-Z]/.test(name) && name !== 'Module',
      );
      const tried = new Set(Object.keys(MODULES).map((name) => name.split('/')[0]));
      for (const [name] of exported) assert.ok(tried.has(name), name);
    });
  });

  describe('of everything else', () => {
    for (const [name, { call, args }] of Object.entries(others)) {
      checkEach(name, args, (given) => {
        const result = Reflect.apply(call, undefined, given);
        dispose(result);
        return result;
      });
    }
  });
});
