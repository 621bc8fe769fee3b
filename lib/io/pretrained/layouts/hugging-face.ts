import { expected } from '../../../check.js';
import { onlyGiven } from '../../../check-options.js';
import type { ViTConfig } from '../../../nn/vit/config.js';
import type { JsonFields } from '../../formats/json-fields.js';
import { imagenetStatistics, type Preprocessing, standardFor } from '../preprocessing.js';
import { followSize } from '../pretrained-config.js';
import { huggingFacePreprocessing } from './hugging-face-preprocessing.js';
import type { Evidence, Layout, ModelSize, Reading } from './layout.js';
import type { Rule } from './rules.js';

const projections = ['query', 'key', 'value'] as const;

/**
 * Of `ViTForImageClassification` and `DeiTForImageClassification(WithTeacher)`, without the prefix `vit.` or `deit.`.
 *
 * @param options `teacher`: whether the distillation token has a head of its own; without, it is one more token that
 *   only attends. `modern`: whether blocks go by the module names of Transformers 5, which itself writes those of 4.
 */
export function huggingFaceRules({ teacher, modern = false }: { teacher: boolean; modern?: boolean }): Rule[] {
  const current = blockRules(modern ? blockOf5 : blockOf4);
  const other = blockRules(modern ? blockOf4 : blockOf5);
  return [
    { file: 'embeddings.cls_token', own: 'cls_token' },
    { file: 'embeddings.distillation_token', own: teacher ? 'dist_token' : 'reg_token' },
    { file: 'embeddings.position_embeddings', own: 'pos_embed' },
    { file: 'embeddings.patch_embeddings.projection.*', own: 'patch_embed.proj.*' },
    ...current,
    ...other.map((rule): Rule => ({ ...rule, alias: true })),
    { file: 'layernorm.*', own: 'norm.*' },
    { file: teacher ? 'cls_classifier.*' : 'classifier.*', own: 'head.*' },
    { file: 'distillation_classifier.*', own: 'head_dist.*' },
  ];
}

interface BlockNames {
  block: string;
  projection: (name: (typeof projections)[number]) => string;
  output: string;
  mlp: readonly [string, string];
}

const blockOf4: BlockNames = {
  block: 'encoder.layer.*',
  projection: (name) => `attention.attention.${name}`,
  output: 'attention.output.dense',
  mlp: ['intermediate.dense', 'output.dense'],
};

const blockOf5: BlockNames = {
  block: 'layers.*',
  projection: (name) => `attention.${name[0]}_proj`,
  output: 'attention.o_proj',
  mlp: ['mlp.fc1', 'mlp.fc2'],
};

function blockRules({ block, projection, output, mlp }: BlockNames): Rule[] {
  return [
    { file: `${block}.layernorm_before.*`, own: 'blocks.*.norm1.*' },
    ...projections.map((name, i): Rule => {
      return { file: `${block}.${projection(name)}.*`, own: 'blocks.*.attn.qkv.*', part: [i, 3] };
    }),
    { file: `${block}.${output}.*`, own: 'blocks.*.attn.proj.*' },
    { file: `${block}.layernorm_after.*`, own: 'blocks.*.norm2.*' },
    { file: `${block}.${mlp[0]}.*`, own: 'blocks.*.mlp.fc1.*' },
    { file: `${block}.${mlp[1]}.*`, own: 'blocks.*.mlp.fc2.*' },
  ];
}

// Those whose encoder is ViTModel's; masked autoencoders and siamese networks differ in what they are trained on.
const models = ['vit', 'deit', 'vit_mae', 'vit_msn'];
const prefix = /^(vit|deit)\./;
// Parts of the library's other heads: pooling for its feature extractor, masks and pixels for its masked autoencoders.
const unused = /^(pooler\.dense\.(weight|bias)|embeddings\.mask_token|decoder\.\d+\.(weight|bias))$/;

/** Of `ViTConfig` and `DeiTConfig`, whose files may leave out what is as usual. */
const defaults = { normEps: 1e-12, act: 'gelu' } as const;

export const huggingFace: Layout = {
  name: 'hf',
  marks:
    /^((vit|deit)\.)?(embeddings\.(cls_token|position_embeddings|patch_embeddings)|((encoder\.layer|layers)\.\d+\.)?layernorm(_before|_after)?\.)/,

  read({ infos, own }): Reading {
    const names = new Map<string, string>();
    let found = '';
    for (const name of infos.keys()) {
      const match = prefix.exec(name)?.[0] ?? '';
      if (match !== '') found = match;
      const short = name.slice(match.length);
      if (!unused.test(short)) names.set(names.has(short) ? name : short, name);
    }
    const teacher = own?.config.distilled ?? infos.has('distillation_classifier.weight');
    const modern = [...names.keys()].some((name) => name.startsWith('layers.'));
    return {
      names,
      rules: huggingFaceRules({ teacher, modern }),
      spell: (name) => (/^\w*classifier\./.test(name) ? name : found + name),
    };
  },

  configure: ({ config }) => ({ globalPool: 'token', ...(config && { ...defaults, ...fromConfig(config) }) }),

  usual: defaults,

  preprocessing({ preprocessor, config, infos }: Evidence, size: ModelSize): Preprocessing {
    const deit =
      config?.string('model_type') === 'deit' || [...infos.keys()].some((name) => name.endsWith('.distillation_token'));
    return preprocessor === undefined
      ? usualPreprocessing(size, deit)
      : followSize(huggingFacePreprocessing(preprocessor, size), size.imgSize);
  },

  statesPreprocessing: ({ preprocessor }) => preprocessor !== undefined,

  positionResize: 'bicubic',
};

/** What the config.json of `ViTConfig` and `DeiTConfig` tells. */
function fromConfig(config: JsonFields): Partial<ViTConfig> {
  const type = config.string('model_type');
  if (type !== undefined && !models.includes(type)) {
    throw expected(`a model among ${models.join(', ')}`, `"model_type" of ${config.where}`, type);
  }
  const given = {
    numHeads: config.integer('num_attention_heads', 1),
    normEps: config.number('layer_norm_eps'),
    imgSize: config.size('image_size'),
    act: activationOf(config.string('hidden_act'), config.where),
    posDropRate: config.number('hidden_dropout_prob'),
    projDropRate: config.number('hidden_dropout_prob'),
    attnDropRate: config.number('attention_probs_dropout_prob'),
  };
  return onlyGiven(given);
}

function activationOf(name: string | undefined, where: string): ViTConfig['act'] | undefined {
  switch (name) {
    case undefined:
    case 'gelu':
    case 'relu':
      return name;
    // All the same formula.
    case 'gelu_new':
    case 'gelu_fast':
    case 'gelu_pytorch_tanh':
      return 'gelu_tanh';
    default:
      throw expected("'gelu', 'gelu_new' or 'relu'", `"hidden_act" of ${where}`, name);
  }
}

/** The defaults of `ViTImageProcessor`, and for DeiT what all its published preprocessor_config.json say. */
function usualPreprocessing({ imgSize, inChans }: ModelSize, deit: boolean): Preprocessing {
  if (!deit) return { resize: imgSize, crop: imgSize, interpolation: 'bilinear', ...standardFor(inChans) };
  const enlarged = imgSize.map((pixels) => Math.floor((pixels * 256) / 224)) as [number, number]; // of a pair
  return { resize: enlarged, crop: imgSize, rounding: 'down', interpolation: 'bicubic', ...imagenetStatistics };
}
