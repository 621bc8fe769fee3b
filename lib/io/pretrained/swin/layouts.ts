import type { SwinConfig } from '../../../nn/swin/config.js';
import { JsonFields } from '../../formats/json-fields.js';
import { readNames } from '../layouts/hf/family.js';
import { huggingFacePreprocessing } from '../layouts/hugging-face-preprocessing.js';
import type { Evidence, Reading } from '../layouts/layout.js';
import type { LayoutName } from '../layouts/layout-name.js';
import { timmPreprocessing } from '../layouts/timm-preprocessing.js';
import type { OwnDescription } from '../model-metadata.js';
import { imagenetStatistics, ownPreprocessing, type Preprocessing, standardFor } from '../preprocessing.js';
import { followSize } from '../pretrained-config.js';
import { fromHuggingFaceConfig } from './hugging-face-config.js';
import { huggingFaceSwinRules, microsoftSwinRules, timmSwinRules } from './rules.js';
import { fromTimmSwinConfig } from './timm-config.js';

/** What is to be seen of a checkpoint that is a Swin's. */
export type SwinEvidence = Evidence<OwnDescription<'swin'>>;

/** A model's images. */
export interface SwinImages {
  readonly imgSize: readonly [number, number];
  /** The size that the checkpoint is for; `imgSize` may be another that the caller asks for. */
  readonly trained: readonly [number, number];
  readonly inChans: number;
}

/** One way in which checkpoints of Swins are laid out. */
export interface SwinLayout {
  readonly name: LayoutName;
  /** What many names in such a file look like. */
  readonly marks: RegExp;
  /** Which of its tensors are whose. */
  read(evidence: SwinEvidence): Reading;
  /** What its files say besides. */
  configure(evidence: SwinEvidence): Partial<SwinConfig>;
  /** How the library prepares images. */
  preprocessing(evidence: SwinEvidence, images: SwinImages): Preprocessing & { cropPct?: number };
  /** Whether the checkpoint or the library leaves no doubt about that. */
  statesPreprocessing(evidence: SwinEvidence): boolean;
}

// What follows from the sizes: indices, masks and distances, which older files hold.
const computed = /(^|\.)(relative_position_index|relative_coords_table|attn_mask|k_bias)$/;

function readPlain(rules: Reading['rules']): SwinLayout['read'] {
  return ({ infos }) => ({
    names: new Map([...infos.keys()].filter((name) => !computed.test(name)).map((name) => [name, name])),
    rules,
    spell: (name) => name,
  });
}

/** The statistics of ImageNet, for images of colours. */
function statisticsFor(inChans: number): { mean: readonly number[]; std: readonly number[] } {
  return inChans === 3 ? imagenetStatistics : standardFor(inChans);
}

const timm: SwinLayout = {
  name: 'timm',
  marks: /^(patch_embed\.(proj|norm)\.|layers\.\d+\.blocks\.\d+\.(norm[12]|attn|mlp)\.|head\.fc\.)/,
  read: readPlain(timmSwinRules),
  configure: ({ config }) => (config === undefined ? {} : fromTimmSwinConfig(config)),
  // Of all its Swins where no file says otherwise.
  preprocessing({ config }, images) {
    const usual = { ...statisticsFor(images.inChans), crop_pct: images.trained[0] >= 384 ? 1 : 0.9 };
    const given = config?.object('pretrained_cfg') ?? new JsonFields(usual, "timm's usual preprocessing");
    return timmPreprocessing(given, images);
  },
  statesPreprocessing: ({ config }) => config?.object('pretrained_cfg') !== undefined,
};

const vitrine: SwinLayout = {
  ...timm,
  name: 'vitrine',
  configure: () => ({}),
  preprocessing: (_, { imgSize, inChans }) => ownPreprocessing(imgSize, inChans),
  statesPreprocessing: () => false,
};

/** Microsoft's own, whose buffers are in its files; timm's before 0.9 have its names. */
const microsoft: SwinLayout = {
  name: 'microsoft',
  marks: timm.marks,
  read: readPlain(microsoftSwinRules),
  configure: timm.configure,
  // Its data/build.py: the middle of what is enlarged by 256/224.
  preprocessing: (evidence, images) =>
    evidence.config?.object('pretrained_cfg') === undefined
      ? {
          resize: Math.floor((256 / 224) * Math.max(...images.imgSize)),
          crop: images.imgSize,
          interpolation: 'bicubic',
          ...statisticsFor(images.inChans),
        }
      : timm.preprocessing(evidence, images),
  statesPreprocessing: () => true,
};

const huggingFace: SwinLayout = {
  name: 'hf',
  marks:
    /^(swin(v2)?\.)?(embeddings\.(norm|patch_embeddings)\.|encoder\.layers\.\d+\.(blocks\.\d+\.(layernorm_(before|after)|attention|intermediate|output|mlp)|downsample)\.)/,
  read: (evidence) =>
    readNames(
      {
        prefixes: ['swin.', 'swinv2.'],
        heads: /^classifier\./,
        unused: () => /relative_position_index$|relative_coords_table$|^embeddings\.mask_token$|^decoder\./,
        rules: (names) => huggingFaceSwinRules([...names].some((name) => name.endsWith('.logit_scale')) ? 2 : 1),
      },
      evidence,
    ),
  configure: ({ config }) => (config === undefined ? {} : fromHuggingFaceConfig(config)),
  // Of the published preprocessor_config.json.
  preprocessing: ({ preprocessor }, images) =>
    preprocessor === undefined
      ? { resize: images.imgSize, crop: images.imgSize, interpolation: 'bicubic', ...statisticsFor(images.inChans) }
      : followSize(huggingFacePreprocessing(preprocessor, images), images.imgSize),
  statesPreprocessing: ({ preprocessor }) => preprocessor !== undefined,
};

const layouts: readonly SwinLayout[] = [timm, huggingFace];

/** The layouts whose marks a tensor's name bears. */
export function swinLayoutsMarking(name: string): readonly SwinLayout[] {
  return layouts.filter(({ marks }) => marks.test(name));
}

const attention =
  /^(swin(v2)?\.)?(encoder\.)?layers\.\d+\.blocks\.\d+\.(attn|attention(\.self|\.relative_position_bias)?)\.(relative_position_bias_table|logit_scale)$/;

/** Whether a checkpoint is a Swin's: attention with positions, in blocks of stages. */
export function isSwin({ infos, own }: Evidence<OwnDescription<'vit'> | OwnDescription<'swin'>>): boolean {
  return own === undefined ? [...infos.keys()].some((name) => attention.test(name)) : own.family === 'swin';
}

/** The layout of a Swin's checkpoint. */
export function swinLayoutOf({ infos, own }: SwinEvidence): SwinLayout {
  const names = [...infos.keys()];
  if (own?.layout === 'vitrine') return vitrine;
  if (names.some((name) => /^(swin(v2)?\.)?(encoder\.layers|embeddings)\./.test(name))) return huggingFace;
  const old = names.some((name) => /^head\.(weight|bias)$|^layers\.0\.downsample\./.test(name));
  return old ? microsoft : timm;
}
