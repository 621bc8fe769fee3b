import type { ViTConfig } from '../../../nn/vit/config.js';
import type { TensorSource } from '../../formats/safetensors.js';
import { imagenetStatistics } from '../preprocessing.js';
import type { Evidence, Layout } from './layout.js';
import type { Rule } from './rules.js';

const attn = 'blocks.*.attn';
const mlp = 'blocks.*.mlp';

/**
 * Of Meta's DINOv3: timm's names for the most part. Keys have no bias: theirs is a third of one tensor that is masked.
 *
 * @param options `gated`: whether the MLP is SwiGLU
 */
export function metaDinov3Rules({ gated }: { gated: boolean }): Rule[] {
  const gates: Rule[] = [
    { file: `${mlp}.w1.*`, own: `${mlp}.fc1.*`, part: [0, 2] },
    { file: `${mlp}.w2.*`, own: `${mlp}.fc1.*`, part: [1, 2] },
    { file: `${mlp}.w3.*`, own: `${mlp}.fc2.*` },
  ];
  return [
    { file: 'storage_tokens', own: 'reg_token' },
    { file: 'mask_token', own: 'mask_token', squeeze: 1 },
    { file: `${attn}.qkv.bias`, own: `${attn}.q_bias`, rows: [0, 1, 3] },
    { file: `${attn}.qkv.bias`, own: `${attn}.v_bias`, rows: [2, 3, 3] },
    ...(gated ? gates : []),
    { file: '**', own: '**' },
  ];
}

/** Whether timm's names are Meta's DINOv3. */
export function isMetaDinov3(names: ReadonlySet<string>): boolean {
  return names.has('storage_tokens') && names.has('blocks.0.ls1.gamma');
}

// What follows from the sizes, and the norm of local crops, which pretraining alone uses.
const unused = /^rope_embed\.periods$|\.qkv\.bias_mask$|^local_cls_norm\./;

// Of its models whose heads are not 64 wide, or are taken for another's by their width.
const headsOfWidth: Readonly<Record<number, number>> = { 1280: 20, 4096: 32 };

function headsOf(infos: Evidence['infos']): number | undefined {
  return headsOfWidth[infos.get('cls_token')?.shape.at(-1) ?? 0];
}

export const metaDinov3: Layout = {
  name: 'meta',
  marks: /^(storage_tokens|rope_embed\.periods)$/,

  read: ({ infos }) => ({
    names: new Map([...infos.keys()].filter((name) => !unused.test(name)).map((name) => [name, name])),
    rules: metaDinov3Rules({ gated: infos.has('blocks.0.mlp.w1.weight') }),
    spell: (name) => name,
  }),

  configure({ infos }) {
    const numHeads = headsOf(infos);
    return {
      ...{ normEps: 1e-5, act: 'gelu', globalPool: 'token', noEmbedClass: false },
      ...{ posEmbed: 'none', rope: 'dinov3', ropeTemperature: 100, imgSize: [224, 224] },
      ...(numHeads !== undefined && { numHeads }),
    };
  },

  usual: {},
  square: true,

  // Its README's make_transform.
  preprocessing: (_, { imgSize }) => ({
    resize: imgSize,
    crop: imgSize,
    interpolation: 'bilinear',
    ...imagenetStatistics,
  }),

  statesPreprocessing: () => true,

  positionResize: 'bicubic', // it has none that are learned
};

/** What Meta's model registers besides its weights, and its files hold: wavelengths, and masks of keys' biases. */
export function metaDinov3Buffers(config: Readonly<ViTConfig>): [name: string, source: TensorSource][] {
  const { embedDim, numHeads, depth, qkvBias, ropeTemperature = 100 } = config;
  const bands = embedDim / numHeads / 4;
  const periods = Float32Array.from({ length: bands }, (_, k) => ropeTemperature ** (k / bands));
  const mask = new Float32Array(3 * embedDim).fill(1).fill(0, embedDim, 2 * embedDim);
  const floats = (values: Float32Array): TensorSource => ({
    dtype: 'F32',
    shape: [values.length],
    data: new Uint8Array(values.buffer),
  });
  const masks = Array.from({ length: qkvBias ? depth : 0 }, (_, i): [string, TensorSource] => [
    `blocks.${i}.attn.qkv.bias_mask`,
    floats(mask),
  ]);
  return [['rope_embed.periods', floats(periods)], ...masks];
}
