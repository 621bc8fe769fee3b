import { checkInteger, checkNumber, expected, Text } from '../../../check.js';
import { INTERPOLATIONS, type Interpolation } from '../../../ops/image-resize.js';
import type { JsonFields } from '../../formats/json-fields.js';
import { clipStatistics, type Preprocessing, standardFor } from '../preprocessing.js';

interface Defaults {
  readonly size: number | readonly [number, number] | { readonly shortest: number };
  readonly resample: Interpolation;
  readonly crops: boolean;
  readonly clip?: true;
  /** Whether a lone number is the shorter side (`default_to_square = False`). */
  readonly shorter?: true;
}

const STRETCHED = { size: 224, resample: 'bicubic', crops: false } as const;
const SHORTER = { size: { shortest: 224 }, resample: 'bicubic', crops: true, clip: true, shorter: true } as const;

// What absent fields mean, by the class's name without "ImageProcessor" or "FeatureExtractor".
const PROCESSORS: Readonly<Record<string, Defaults>> = {
  ViT: { size: 224, resample: 'bilinear', crops: false },
  DeiT: { size: 256, resample: 'bicubic', crops: true },
  Beit: STRETCHED,
  Siglip: { ...STRETCHED, shorter: true },
  CLIP: SHORTER,
  Bit: SHORTER,
  ConvNext: { size: { shortest: 384 }, resample: 'bicubic', crops: false, shorter: true },
};

/**
 * What a processor of Transformers does with an image, by its `preprocessor_config.json`.
 *
 * @see `image_processing_backends.py` and the models' `image_processing_*.py` of transformers 5
 * @param size of the model's input, and its channels
 * @throws TypeError for a processor, an option or a form of size that is not known here
 */
export function huggingFacePreprocessing(
  given: JsonFields,
  { imgSize, inChans }: { readonly imgSize: readonly [number, number]; readonly inChans: number },
): Preprocessing {
  const name = processorOf(given);
  const defaults = PROCESSORS[name];
  if (defaults === undefined) {
    const known = Object.keys(PROCESSORS).map((family) => `${family}ImageProcessor`);
    const advice = 'Without preprocessor_config.json, images can be prepared by other means.';
    throw expected(
      `one of ${known.join(', ')}`,
      `the processor of ${given.where}`,
      new Text(`${name}ImageProcessor`),
      advice,
    );
  }
  refuseUnknown(given);
  const sizes = name === 'ConvNext' ? convNextSizes(given, imgSize) : sizesOf(given, defaults, imgSize);
  return {
    ...sizes,
    rounding: 'down',
    interpolation: resampleOf(given) ?? defaults.resample,
    ...valuesOf(given, defaults, inChans),
  };
}

function processorOf(given: JsonFields): string {
  const name = given.string('image_processor_type') ?? given.string('feature_extractor_type') ?? 'ViTImageProcessor';
  return name.replace(/(ImageProcessor|FeatureExtractor)(Fast|Pil)?$/, '');
}

// Steps that are honoured, or do nothing to an image. do_flip_channel_order is of none of these processors.
const STEPS = [
  'do_resize',
  'do_center_crop',
  'do_rescale',
  'do_normalize',
  'do_convert_rgb',
  'do_reduce_labels',
  'do_reduce_label', // its name before 4.23
];

/** A step that is asked for and not known would be left out without a word. */
function refuseUnknown(given: JsonFields): void {
  const unknown = given.keys().find((key) => key.startsWith('do_') && !STEPS.includes(key) && given.raw(key) === true);
  if (unknown !== undefined) throw expected(`steps among ${STEPS.join(', ')}`, given.where, new Text(`"${unknown}"`));
}

type Sizes = Pick<Preprocessing, 'resize' | 'fit' | 'longest' | 'crop'>;

function sizesOf(given: JsonFields, defaults: Defaults, imgSize: readonly [number, number]): Sizes {
  const resizes = given.boolean('do_resize') !== false;
  const asked = resizes ? (resizeOf(given, defaults) ?? usualSize(defaults)) : ({ resize: 'none' } as const);
  // A file that says a crop's size, but not whether: before 4.26, all that could crop did.
  const crops = given.boolean('do_center_crop') ?? (defaults.crops || given.raw('crop_size') !== undefined);
  // What is not cropped must come out at the model's size by itself; it is then cut or surrounded by nothing.
  return { ...asked, crop: crops ? (cropSizeOf(given) ?? imgSize) : (wholeOf(asked) ?? imgSize) };
}

function wholeOf({ resize, fit }: Pick<Sizes, 'resize' | 'fit'>): readonly [number, number] | undefined {
  return fit === undefined && typeof resize === 'object' ? resize : undefined;
}

function usualSize({ size }: Defaults): Pick<Sizes, 'resize'> {
  if (typeof size === 'number') return { resize: [size, size] };
  return { resize: 'shortest' in size ? size.shortest : size };
}

/** `size`: a number, a pair, `{ height, width }`, `{ shortest_edge, longest_edge }` or `{ max_height, max_width }`. */
function resizeOf(given: JsonFields, { shorter }: Defaults): Pick<Sizes, 'resize' | 'fit' | 'longest'> | undefined {
  const value = given.raw('size');
  if (value === undefined) return undefined;
  if (typeof value === 'number') {
    const side = checkInteger(value, `"size" of ${given.where}`, 1);
    const square = given.boolean('default_to_square') ?? shorter !== true;
    return { resize: square ? [side, side] : side };
  }
  if (Array.isArray(value)) {
    const pair = given.size('size');
    return pair && { resize: pair };
  }
  const size = given.object('size');
  const [height, width, shortest, longest, maxHeight, maxWidth] = [
    'height',
    'width',
    'shortest_edge',
    'longest_edge',
    'max_height',
    'max_width',
  ].map((key) => size?.integer(key, 1));
  if (shortest !== undefined) return { resize: shortest, ...(longest !== undefined && { longest }) };
  if (maxHeight !== undefined && maxWidth !== undefined) return { resize: [maxHeight, maxWidth], fit: 'contain' };
  if (height !== undefined && width !== undefined) return { resize: [height, width] };
  const what = 'height and width, shortest_edge, or max_height and max_width';
  throw expected(what, `"size" of ${given.where}`, new Text(size?.keys().join(', ') || 'none of them'));
}

function cropSizeOf(given: JsonFields): readonly [number, number] | undefined {
  const value = given.raw('crop_size');
  if (value === undefined || typeof value === 'number' || Array.isArray(value)) return given.size('crop_size');
  const size = given.object('crop_size');
  const [height, width] = [size?.integer('height', 1), size?.integer('width', 1)];
  if (height !== undefined && width !== undefined) return [height, width];
  throw expected('height and width', `"crop_size" of ${given.where}`, new Text(size?.keys().join(', ') || 'neither'));
}

/** Below 384 pixels the shorter side is enlarged and the middle cut out; from there on, images are stretched. */
function convNextSizes(given: JsonFields, imgSize: readonly [number, number]): Sizes {
  if (given.boolean('do_resize') === false) return { resize: 'none', crop: imgSize };
  const asked = resizeOf(given, PROCESSORS.ConvNext ?? STRETCHED)?.resize ?? 384;
  if (typeof asked !== 'number') {
    throw expected('shortest_edge', `"size" of ${given.where}`, asked);
  }
  if (asked >= 384) return { resize: [asked, asked], crop: [asked, asked] };
  const share = given.number('crop_pct', 1e-3) ?? 224 / 256;
  return { resize: Math.floor(asked / share), crop: [asked, asked] };
}

/** PIL.Image.Resampling's number. */
function resampleOf(given: JsonFields): Interpolation | undefined {
  const code = given.integer('resample');
  if (code === undefined) return undefined;
  const name = INTERPOLATIONS[code];
  if (name === undefined) throw expected('a number from 0 to 5', `"resample" of ${given.where}`, code);
  return name;
}

type Values = Pick<Preprocessing, 'mean' | 'std' | 'rescale'>;

function valuesOf(given: JsonFields, { clip }: Defaults, inChans: number): Values {
  const rescales = given.boolean('do_rescale') !== false;
  const rescale = rescales ? (given.number('rescale_factor', -Infinity) ?? 1 / 255) : 1;
  const usual = clip && inChans === 3 ? clipStatistics : standardFor(inChans);
  const normalizes = given.boolean('do_normalize') !== false;
  const mean = normalizes ? (statistic(given, 'image_mean', inChans) ?? usual.mean) : usual.mean.map(() => 0);
  const std = normalizes ? (statistic(given, 'image_std', inChans) ?? usual.std) : usual.std.map(() => 1);
  return { mean, std, ...(rescale !== 1 / 255 && { rescale }) };
}

/** A list, or one number for all channels. */
function statistic(given: JsonFields, key: string, inChans: number): readonly number[] | undefined {
  const value = given.raw(key);
  if (Array.isArray(value) && value.length > 1) return given.numbers(key);
  const [only] = Array.isArray(value) ? value : [value];
  if (only === undefined) return undefined;
  return new Array<number>(inChans).fill(checkNumber(only, `"${key}" of ${given.where}`));
}
