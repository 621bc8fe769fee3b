import type { ViTConfig } from '../../../nn/vit/config.js';
import { standardFor } from '../preprocessing.js';
import type { Evidence, Layout, Reading } from './layout.js';
import type { Rule } from './rules.js';

const projections = ['query', 'key', 'value'] as const;

// Flax's Dense holds (in,out) and its DenseGeneral (D,H,E) or (H,E,D): heads H of width E.
const dense = [1, 0] as const;
const intoHeads = [1, 2, 0] as const;
const outOfHeads = [2, 0, 1] as const;
const joinHeads = [0, 1] as const;

/** Numbers that Flax gave to the parts of a block: those of vit_jax, and those of its successor big_vision. */
interface BlockNumbers {
  attention: number;
  mlp: number;
  norm2: number;
}

const vitJax: BlockNumbers = { attention: 1, mlp: 3, norm2: 2 };
const bigVision: BlockNumbers = { attention: 0, mlp: 0, norm2: 1 };

/** A LayerNorm's or GroupNorm's scale and shift. */
function norm(file: string, own: string, extra: Partial<Rule> = {}): Rule[] {
  return [
    { file: `${file}/scale`, own: `${own}.weight`, ...extra },
    { file: `${file}/bias`, own: `${own}.bias`, ...extra },
  ];
}

function linear(file: string, own: string, extra: Partial<Rule> = {}): Rule[] {
  return [
    { file: `${file}/kernel`, own: `${own}.weight`, axes: dense, ...extra },
    { file: `${file}/bias`, own: `${own}.bias`, ...extra },
  ];
}

/** The i-th of n projections into heads that are one Linear here. */
function heads(file: string, own: string, part: readonly [number, number], extra: Partial<Rule> = {}): Rule[] {
  return [
    { file: `${file}/kernel`, own: `${own}.weight`, part, axes: intoHeads, ...extra },
    { file: `${file}/bias`, own: `${own}.bias`, part, axes: joinHeads, ...extra },
  ];
}

function outProjection(file: string, own: string, extra: Partial<Rule> = {}): Rule[] {
  return [
    { file: `${file}/kernel`, own: `${own}.weight`, axes: outOfHeads, ...extra },
    { file: `${file}/bias`, own: `${own}.bias`, ...extra },
  ];
}

function blockRules(block: string, { attention, mlp, norm2 }: BlockNumbers, extra: Partial<Rule> = {}): Rule[] {
  const parts = `${block}/MultiHeadDotProductAttention_${attention}`;
  return [
    ...norm(`${block}/LayerNorm_0`, 'blocks.*.norm1', extra),
    ...projections.flatMap((name, i) => heads(`${parts}/${name}`, 'blocks.*.attn.qkv', [i, 3], extra)),
    ...outProjection(`${parts}/out`, 'blocks.*.attn.proj', extra),
    ...norm(`${block}/LayerNorm_${norm2}`, 'blocks.*.norm2', extra),
    ...linear(`${block}/MlpBlock_${mlp}/Dense_0`, 'blocks.*.mlp.fc1', extra),
    ...linear(`${block}/MlpBlock_${mlp}/Dense_1`, 'blocks.*.mlp.fc2', extra),
  ];
}

/** big_vision's pooling by one attention query. */
const mapHeadRules: readonly Rule[] = [
  { file: 'MAPHead_0/probe', own: 'attn_pool.latent' },
  ...heads('MAPHead_0/MultiHeadDotProductAttention_0/query', 'attn_pool.q', [0, 1]),
  ...heads('MAPHead_0/MultiHeadDotProductAttention_0/key', 'attn_pool.kv', [0, 2]),
  ...heads('MAPHead_0/MultiHeadDotProductAttention_0/value', 'attn_pool.kv', [1, 2]),
  ...outProjection('MAPHead_0/MultiHeadDotProductAttention_0/out', 'attn_pool.proj'),
  ...norm('MAPHead_0/LayerNorm_0', 'attn_pool.norm'),
  ...linear('MAPHead_0/MlpBlock_0/Dense_0', 'attn_pool.mlp.fc1'),
  ...linear('MAPHead_0/MlpBlock_0/Dense_1', 'attn_pool.mlp.fc2'),
];

const stemBlock = 'patch_embed.backbone.stages.*.blocks.*';

// A Conv's kernel is (kh,kw,in,out) in Flax.
const conv = [3, 2, 0, 1] as const;

/** The hybrid's ResNet, with the names of timm's `resnetv2`; where it is its first convolution alone, with that's. */
const resnetRules = (alone: boolean): Rule[] => [
  { file: 'conv_root/kernel', own: `patch_embed.backbone.${alone ? '' : 'stem.'}conv.weight`, axes: conv },
  ...norm('gn_root', `patch_embed.backbone.${alone ? '' : 'stem.'}norm`),
  { file: 'block+/unit+/conv_proj/kernel', own: `${stemBlock}.downsample.conv.weight`, axes: conv },
  ...norm('block+/unit+/gn_proj', `${stemBlock}.downsample.norm`),
  { file: 'block+/unit+/conv*/kernel', own: `${stemBlock}.conv*.weight`, axes: conv },
  ...norm('block+/unit+/gn*', `${stemBlock}.norm*`),
];

function rulesFor(numbers: BlockNumbers, { stemAlone }: { stemAlone: boolean }): Rule[] {
  return [
    { file: 'cls', own: 'cls_token' },
    { file: 'Transformer/posembed_input/pos_embedding', own: 'pos_embed' },
    { file: 'pos_embedding', own: 'pos_embed' },
    { file: 'embedding/kernel', own: 'patch_embed.proj.weight', axes: conv },
    { file: 'embedding/bias', own: 'patch_embed.proj.bias' },
    ...resnetRules(stemAlone),
    ...blockRules('Transformer/encoderblock_*', numbers),
    ...blockRules('Transformer/encoderblock', numbers, { stacked: true }),
    ...norm('Transformer/encoder_norm', 'norm'),
    ...mapHeadRules,
    ...linear('pre_logits', 'pre_logits.fc'),
    ...linear('head', 'head'),
  ];
}

// Around the parameters: vit_jax's optimizer, big_vision's train state, and its models of image and text.
const prefixes = ['opt/target/', 'params/img/', 'params/', 'img/'];

/** Of vit_jax and of big_vision; heads are known from the shapes, and a checkpoint may hold far more than a ViT. */
export const google: Layout = {
  name: 'google',
  marks: /(^|\/)(Transformer\/|MAPHead_0\/|(embedding|head|pre_logits)\/(kernel|bias)$)/,

  read({ infos }): Reading {
    const prefix = prefixes.find((candidate) => infos.has(`${candidate}embedding/kernel`)) ?? '';
    const inside = [...infos.keys()].filter((name) => name.startsWith(prefix));
    const numbers = infos.has(`${prefix}pos_embedding`) || !usesVitJax(inside) ? bigVision : vitJax;
    return {
      names: new Map(inside.map((name) => [name.slice(prefix.length), name])),
      rules: rulesFor(numbers, { stemAlone: !infos.has(`${prefix}block1/unit1/conv1/kernel`) }),
      spell: (name) => prefix + name,
    };
  },

  // Flax's epsilon. JAX's own gelu is the tanh approximation; libraries that load these files use the exact one, which
  // differs by some 2e-4 of the logits. `act: 'gelu_tanh'` gives JAX's.
  configure: (evidence): Partial<ViTConfig> => ({
    normEps: 1e-6,
    act: 'gelu',
    globalPool: poolOf(evidence),
    ...headsOf(evidence),
  }),

  square: true,
  usual: { posEmbed: 'sincos2d' }, // unless the file has positions: big_vision saves none of those that it computes

  // vit_jax stretches the image to the model's size with tf.image.resize, which widens no filter, and maps it to -1..1.
  preprocessing: (_, { imgSize, inChans }) => ({
    resize: imgSize,
    crop: imgSize,
    interpolation: 'bilinear',
    antialias: false,
    ...standardFor(inChans),
  }),

  statesPreprocessing: () => true,

  // scipy.ndimage.zoom(order=1), in both.
  positionResize: 'bilinear-corners',
};

function usesVitJax(names: readonly string[]): boolean {
  return names.some((name) => /\/(MultiHeadDotProductAttention_1|MlpBlock_3|LayerNorm_2)\//.test(name));
}

/** Models with a class token read it; of the others, big_vision's `pool_type` is "map", which shows, or "gap". */
function poolOf({ infos }: Evidence): ViTConfig['globalPool'] {
  const names = [...infos.keys()];
  if (names.some((name) => /(^|\/)MAPHead_0\//.test(name))) return 'map';
  return names.some((name) => /(^|\/)cls$/.test(name)) ? 'token' : 'avg';
}

/** A query's bias is (H,E), or (blocks,H,E). */
function headsOf({ infos }: Evidence): { numHeads?: number } {
  for (const [name, { shape }] of infos) {
    const heads = shape.at(-2);
    if (/Transformer\/.*\/query\/bias$/.test(name) && heads !== undefined && heads > 0) return { numHeads: heads };
  }
  return {};
}
