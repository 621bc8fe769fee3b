import { expected, Text } from '../../../check.js';
import { listed, quoted } from '../../formats/file-error.js';
import type { Evidence } from './layout.js';

/** What a tensor's name shows: a kind of model, or a part of one. */
type Sign = readonly [RegExp, string];

// What Model.fromPretrained reads, for those who bring another.
const SUPPORTED =
  'Supported are ViT, DeiT, DINOv2, DINOv3, EVA-02, BEiT, MAE, ViT-5, the image towers of CLIP and SigLIP, and by Model.fromPretrained Swin v1 and v2.';

// Models that are no ViT of this library's kind, by names that none of those has.
const others: readonly Sign[] = [
  [/(^|\.)swin(v2)?\./, 'a Swin Transformer'],
  [/\.attn\.meta_mlp\./, 'a Swin V2-CR'],
  [/^layers\.\d+\.blocks\.\d+\.modulation\./, 'a FocalNet'],
  [/(^|\.)convnext(v2)?\./, 'a ConvNeXt'],
  [/(^|\.)mobilevit(v2)?\./, 'a MobileViT'],
  [/(^|\.)resnet\.|^embedder\.embedder\./, 'a ResNet'],
  [/^conv_stem\.convolution\.|^stages\.\d+\.\d+\.(conv_kxk|transformer)\./, 'a MobileViT or MobileNet'],
  [/\.attn_(block|grid)\./, 'a MaxViT or CoAtNet'],
  [/\.attention_biases$/, 'a LeViT, TinyViT or EfficientFormer'],
  [/\.mlp\.dwconv\./, 'a PVT or SegFormer'],
  [/(^|\.)stages\.\d+\.(blocks|layers)\.\d+\.(conv_dw|dwconv)\.|(^|\.)downsample_layers\.\d+\./, 'a ConvNeXt'],
  [/^visual\.(layer[1-4]\.|attnpool\.)/, "CLIP's ResNet"],
  [/^(ijepa|hiera|pvt)\./, "another model of Hugging Face's"],
  [/(^|\.)layers\.\d+\.blocks\.\d+\.(attn\.|norm1\.|mlp\.)/, 'a Swin Transformer'],
  [/(^|\.)mlp_(tokens|channels)\./, 'an MLP-Mixer, gMLP or ResMLP'],
  [/(^|\.)(conv_dw|dwconv)\./, 'an EfficientNet or MobileNet'],
  [/(^|\.)layer[1-4]\.\d+\.conv1\.|^stages\.\d+\.blocks\.\d+\.conv1\./, 'a ResNet'],
  [/^features\.\d+\.\d+\.attn\./, "a Swin Transformer in torchvision's names"],
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
  [/(^|\.)(shared_)?rel_pos\.|^rel_pos_bias\.(?!relative_position_bias_table$)/, 'relative positions by an MLP'],
  [/^rope\.freqs$|\.rotary_emb\.|(^|\.)freqs_cis$/, 'learned rotary frequencies'],
  [/\.lambda_[qk][12]$/, 'differential attention'],
  [/^blocks\.\d+\.((attns|ffns)\.\d+|in_proj|in_norm|attn_out_proj)\./, 'parallel blocks'],
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
  // A tower of text beside one of images is passed over.
  const tower = names.some((name) => /^(visual|vision_model|beit)\./.test(name));
  const seen = tower ? names.filter((name) => /^(visual|vision_model|beit)\.|^classifier\./.test(name)) : names;
  const kind = signIn(seen, others) ?? clipClassifier(seen);
  if (kind !== undefined) {
    const received = new Text(`${kind.what} (${listed(kind.shown.map(quoted))})`);
    throw expected('the weights of a ViT', path, received, SUPPORTED);
  }
  const part = signIn(seen, parts) ?? perceptionEncoder(infos, config);
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

/** Its classifier reads the mean of patches before the final norm, which then has no part. */
function clipClassifier(names: readonly string[]): Found | undefined {
  const find = (pattern: RegExp): string | undefined => names.find((name) => pattern.test(name));
  const [classifier, token] = [find(/^classifier\./), find(/(^|\.)class_embedding$/)];
  if (classifier === undefined || token === undefined) return undefined;
  return { what: 'a CLIPForImageClassification', shown: [classifier, token] };
}

/** CLIP's norm before the blocks, with pooling by attention or without a norm behind: Perception Encoders alone. */
function perceptionEncoder(infos: Evidence['infos'], config: Evidence['config']): Found | undefined {
  const [before, pool] = ['norm_pre.weight', 'attn_pool.latent'];
  const normed = infos.has('norm.weight') || infos.has('fc_norm.weight');
  if (config !== undefined || !infos.has(before) || (normed && !infos.has(pool))) return undefined;
  const shown = [before, pool].filter((name) => infos.has(name));
  return { what: 'rotary position embeddings, as Perception Encoder has them', shown };
}
