import type { ViTConfig } from '../../../nn/vit/config.js';
import type { Naming } from '../file-entries.js';
import { beitRules } from './hf/beit.js';
import { dinov2Rules } from './hf/dinov2.js';
import { dinov3Rules } from './hf/dinov3.js';
import { clipRules, siglipRules } from './hf/towers.js';
import { huggingFaceRules } from './hugging-face.js';
import { huggingFaceSpelling } from './hugging-face-config.js';
import { metaRules } from './meta.js';
import { metaDinov3Buffers, metaDinov3Rules } from './meta-dinov3.js';
import { classFor, type SavedLayout } from './objections.js';
import { openaiRules } from './openai.js';
import { timmRules } from './timm.js';
import { torchvisionRules } from './torchvision.js';

type Config = Readonly<ViTConfig>;

/** How a library's class names a ViT's tensors. */
export type Writer = Naming<Config>;

const same: Writer = { rules: () => timmRules() };
const gated = ({ mlpLayer }: Config): boolean => mlpLayer === 'swiglu';
const registers = ({ regTokens }: Config): boolean => regTokens > 0;

/** A prefix where the model has a head beside it. */
function headed(prefix: string, head: RegExp): (config: Config) => (name: string) => string {
  return ({ numClasses }) =>
    (name) =>
      numClasses === 0 || head.test(name) ? name : prefix + name;
}

const WRITERS: Readonly<Record<string, Writer>> = {
  'timm vit': same,
  // With a norm in its MLP, EVA-02's B and L: what others have in one is in two or three; DINOv3's gates are apart, too.
  'timm eva': {
    rules: ({ mlpNorm, mlpLayer, rope }) => {
      const swiglu = mlpLayer === 'swiglu';
      const split = swiglu && (mlpNorm || rope === 'dinov3');
      return timmRules({ apart: swiglu && mlpNorm, split, gamma: true });
    },
  },
  'timm beit': { rules: (config) => timmRules({ split: gated(config), gamma: true }) },
  'torchvision vit': { rules: () => torchvisionRules },
  'hf vit': {
    rules: ({ distilled }) => huggingFaceRules({ teacher: distilled }),
    spell: huggingFaceSpelling,
  },
  'hf dinov2': {
    rules: (config) => dinov2Rules({ registers: registers(config), gated: gated(config) }),
    spell: (config) => headed(registers(config) ? 'dinov2_with_registers.' : 'dinov2.', /^classifier\./)(config),
  },
  'hf clip': { rules: () => clipRules, spell: headed('vision_model.', /^visual_projection\./) },
  'hf siglip': { rules: () => siglipRules, spell: headed('vision_model.', /^classifier\./) },
  'hf dinov3': { rules: (config) => dinov3Rules({ gated: gated(config), keyBias: config.keyBias }) },
  'hf beit': { rules: () => beitRules, spell: headed('beit.', /^classifier\./) },
  'openai clip': { rules: () => openaiRules, spell: () => (name) => `visual.${name}` },
  'meta dinov3': { rules: (config) => metaDinov3Rules({ gated: gated(config) }), buffers: metaDinov3Buffers },
  'meta dinov2': { rules: (config) => metaRules({ registers: registers(config), gated: gated(config) }) },
};

/** The writer for a model that the layout has no objections to. */
export function writerFor(config: Config, layout: SavedLayout): Writer {
  if (layout === 'vitrine') return same;
  return WRITERS[`${layout} ${classFor(config, layout).name}`] ?? same;
}
