import { expected, Text } from '../../../check.js';
import { listed, quoted } from '../../formats/file-error.js';
import type { TensorInfo } from '../../formats/tensor-record.js';
import type { Evidence } from './layout.js';

/** What a tensor's name shows: a kind of model, or a part of one. */
type Sign = readonly [RegExp, string];

// Models that are no ViT of this library's kind, by names that none of those has.
const others: readonly Sign[] = [
  [/^(visual\.)?(transformer\.resblocks\.|class_embedding$)|^visual\.trunk\./, 'CLIP, as OpenAI and open_clip name it'],
  [/^(\w+\.)?vision_model\./, "a CLIP or SigLIP of Hugging Face's"],
  [
    /^(dinov2|dinov3_vit|beit|data2vec_vision|ijepa|hiera|swin|swinv2|pvt|convnext|resnet)\./,
    "another model of Hugging Face's",
  ],
  [/\.layer_scale[12]\.lambda1$/, "a DINOv2 or BEiT of Hugging Face's"],
  [/(^|\.)layers\.\d+\.blocks\.\d+\.(attn\.|norm1\.|mlp\.)/, 'a Swin Transformer'],
  [/(^|\.)mlp_(tokens|channels)\./, 'an MLP-Mixer, gMLP or ResMLP'],
  [/(^|\.)(conv_dw|dwconv|downsample_layers\.\d+)\./, 'a ConvNeXt, EfficientNet or MobileNet'],
  [/(^|\.)layer[1-4]\.\d+\.conv1\.|^stages\.\d+\.blocks\.\d+\.conv1\./, 'a ResNet'],
  [/^features\.(\d+|conv0|denseblock\d)\./, 'a convolutional network'],
  [/\.attn\.gating_param$/, 'a ConViT'],
  [/^pixel_(pos|embed)\b/, 'a TNT'],
  [/^blocks\.\d+\.proj\.(weight|bias)$/, 'a Hiera'],
  [/^stages\.\d+\./, 'a network of stages, such as a LeViT or MobileViT'],
  [/^blocks\.\d+\.attn\.temperature$/, 'an XCiT'],
  [/^blocks_token_only\./, 'a CaiT'],
  [/(^|\.)(text_model|word_embeddings|token_embedding|embed_tokens|lm_head|wte)\b/, 'a text model'],
];

// Parts that a ViT may have and those here have not. Source: the parameter names of timm's vision_transformer*.py,
// beit.py, eva.py and naflexvit.py, and of the papers' own code.
const parts: readonly Sign[] = [
  [/\.attn\.rel_pos_[hw]$/, "SAM's windowed attention with relative positions"],
  [/\.relative_position_bias_table$|(^|\.)(shared_)?rel_pos(_bias)?\./, 'relative position bias'],
  [/(^|\.)rope(_embed)?\.|\.rotary_emb\.|(^|\.)freqs(_cis)?$/, 'rotary position embeddings'],
  [/\.mlp\.(fc1_[gx]|w12|w[123])\./, 'SwiGLU'],
  [/\.lambda_[qk][12]$/, 'differential attention'],
  [/^blocks\.\d+\.((attns|ffns)\.\d+|in_proj|in_norm|attn_out_proj)\./, 'parallel blocks'],
  [/\.(attn|mlp)\.norm\./, 'norms inside attention and MLP (scale_attn_norm, scale_mlp_norm)'],
  [/\.attn\.[qv]_bias$/, 'biases of queries and values without one of keys'],
  [/\.attn\.[qkv]_proj\./, 'separate projections for queries, keys and values'],
  [/^embeds\./, "NaFlex's patch embedding"],
  [/^patch_embed\.norm\./, 'a norm in the patch embedding'],
  [
    /^patch_embed\.(?!proj\.(weight|bias)$|backbone\.(stem\.|stages\.|(conv|norm)\.(weight|bias)$))/,
    'convolutions in front',
  ],
];

/**
 * Refuses the weights of models that there are none of here, by what they are or the part that is missing.
 *
 * @throws TypeError in a sentence of at most three tensors' names
 */
export function refuseMissing({ infos, path, own, config }: Evidence): void {
  const names = [...infos.keys()];
  const adapter = names.find((name) => /\.lora(\.|_)[AB](\.|$)/.test(name));
  if (adapter !== undefined) {
    const advice = 'Load the model that they are for, then io.loadLora; a training under way goes on with resume.';
    throw expected('a whole model', path, new Text(`adapters of LoRA (${quoted(adapter)})`), advice);
  }
  if (own !== undefined) return;
  const kind = signIn(names, others);
  if (kind !== undefined) {
    throw expected('the weights of a ViT', path, new Text(`${kind.what} (${listed(kind.shown.map(quoted))})`));
  }
  const part =
    signIn(names, parts) ?? unbiasedNorms(names, infos) ?? gatedMlp(infos) ?? perceptionEncoder(infos, config);
  if (part === undefined) return;
  const received = new Text(`one with ${part.what} (${listed(part.shown.map(quoted))})`);
  throw expected('a ViT of parts that are implemented', path, received);
}

/** What was found, and tensors that show it. */
interface Found {
  readonly what: string;
  readonly shown: readonly string[];
}

function signIn(names: readonly string[], signs: readonly Sign[]): Found | undefined {
  for (const [pattern, what] of signs) {
    const shown = names.filter((name) => pattern.test(name));
    if (shown.length > 0) return { what, shown };
  }
  return undefined;
}

function unbiasedNorms(names: readonly string[], infos: Evidence['infos']): Found | undefined {
  const weights = names.filter((name) => /^blocks\.\d+\.norm[12]\.weight$/.test(name));
  const shown = weights.filter((name) => !infos.has(name.replace(/weight$/, 'bias')));
  // A single bias that is not there is a tensor that is missing.
  const all = shown.length > 0 && shown.length === weights.length;
  return all ? { what: 'norms without bias, such as RMS norm', shown } : undefined;
}

/** CLIP's norm before the blocks, with pooling by attention or without a norm behind: Perception Encoders alone. */
function perceptionEncoder(infos: Evidence['infos'], config: Evidence['config']): Found | undefined {
  const [before, pool] = ['norm_pre.weight', 'attn_pool.latent'];
  const normed = infos.has('norm.weight') || infos.has('fc_norm.weight');
  if (config !== undefined || !infos.has(before) || (normed && !infos.has(pool))) return undefined;
  const shown = [before, pool].filter((name) => infos.has(name));
  return { what: 'rotary position embeddings, as Perception Encoder has them', shown };
}

/** An MLP whose first layer makes twice what its second takes: half of it are gates. */
function gatedMlp(infos: Evidence['infos']): Found | undefined {
  const shapeOf = (name: string): TensorInfo['shape'] => infos.get(`blocks.0.mlp.${name}.weight`)?.shape ?? [];
  const [made, taken] = [shapeOf('fc1')[0], shapeOf('fc2')[1]];
  if (made === undefined || taken === undefined || taken === 0 || made !== 2 * taken) return undefined;
  return { what: 'SwiGLU', shown: ['blocks.0.mlp.fc1.weight', 'blocks.0.mlp.fc2.weight'] };
}
