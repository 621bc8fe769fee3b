import { checkOneOf, expected } from '../../../check.js';
import { onlyGiven } from '../../../check-options.js';
import type { ViTConfig } from '../../../nn/vit/config.js';
import { INTERPOLATIONS } from '../../../ops/image-resize.js';
import type { JsonFields } from '../../formats/json-fields.js';
import type { Preprocessing } from '../preprocessing.js';
import { describeArchitecture } from './timm-architectures.js';

// Parts of open_clip's towers that are built in another way here, and what they must be.
const FIXED: Readonly<Record<string, unknown>> = {
  attentional_pool: false,
  no_ln_pre: false,
  final_ln_after_pool: false,
  pool_type: 'tok',
  pos_embed_type: 'learnable',
};

/**
 * What `open_clip_config.json` tells of an image tower: of open_clip's own transformer, or of one of timm's in it.
 *
 * @throws TypeError for a part that there is none of here
 * @see open_clip's `CLIPVisionCfg`
 */
export function fromOpenClipConfig(model: JsonFields): Partial<ViTConfig> {
  const vision = model.object('vision_cfg');
  if (vision === undefined) return {};
  const imgSize = vision.size('image_size');
  const architecture = vision.string('timm_model_name');
  if (architecture !== undefined) return { ...describeArchitecture(architecture), ...onlyGiven({ imgSize }) };
  for (const [name, usual] of Object.entries(FIXED)) {
    const given = vision.raw(name) ?? usual;
    if (given !== usual) throw expected(JSON.stringify(usual), `"${name}" of ${vision.where}`, given);
  }
  const [width, headWidth] = [vision.integer('width', 1) ?? 768, vision.integer('head_width', 1) ?? 64];
  const act = model.boolean('quick_gelu') === true ? 'quick_gelu' : 'gelu';
  return { act, numHeads: width / headWidth, ...onlyGiven({ imgSize }) };
}

const MODES = ['shortest', 'squash', 'longest'] as const;

/** How images are prepared, as its `preprocess_cfg` says; undefined without one. @see open_clip's `image_transform_v2` */
export function openClipPreprocessing(
  config: JsonFields,
  imgSize: readonly [number, number],
  usual: Pick<Preprocessing, 'mean' | 'std'>,
): Preprocessing | undefined {
  const given = config.object('preprocess_cfg');
  if (given === undefined) return undefined;
  const mode = checkOneOf(given.string('resize_mode') ?? 'shortest', `"resize_mode" of ${given.where}`, MODES);
  const interpolation = checkOneOf(
    given.string('interpolation') ?? 'bicubic',
    `"interpolation" of ${given.where}`,
    INTERPOLATIONS,
  );
  const values = { mean: given.numbers('mean') ?? usual.mean, std: given.numbers('std') ?? usual.std };
  const common = { crop: imgSize, interpolation, ...values };
  if (mode === 'squash') return { ...common, resize: imgSize };
  if (mode === 'shortest') return { ...common, resize: Math.max(...imgSize) };
  const fill = (given.raw('fill_color') ?? 0) as number;
  return { ...common, resize: imgSize, fit: 'contain', fill: values.mean.map(() => fill) };
}
