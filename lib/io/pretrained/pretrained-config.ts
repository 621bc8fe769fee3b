import { onlyGiven } from '../../check-options.js';
import type { Module } from '../../nn/module.js';
import { INTERPOLATIONS } from '../../ops/image-resize.js';
import { warnOnce } from '../../warning.js';
import { fileError, quoted } from '../formats/file-error.js';
import type { JsonFields } from '../formats/json-fields.js';
import type { LayoutName } from './layouts/layout-name.js';
import type { Preprocessing } from './preprocessing.js';

/** Where a pretrained model comes from, and what it expects of images. */
export interface PretrainedConfig extends Preprocessing {
  /** The library whose names the tensors had. */
  readonly layout: LayoutName;
  /** The classes' names, where the checkpoint has them and the head is its own. */
  readonly labels?: readonly string[];
  /** timm's `crop_pct`: how much of the resized image's side the crop keeps, before rounding. */
  readonly cropPct?: number;
}

const known = new WeakMap<Module, PretrainedConfig>();
const guesses = new WeakMap<Module, () => PretrainedConfig>();

/** What is known of a model's images and classes; never a guess. */
export function pretrainedConfigOf(model: Module): PretrainedConfig | undefined {
  return known.get(model);
}

/** Notes what is known, in place of any guess. */
export function setPretrainedConfig(model: Module, config: PretrainedConfig | undefined): void {
  guesses.delete(model);
  if (config === undefined) known.delete(model);
  else known.set(model, config);
}

/** Notes what may be assumed of a model from `path` that says nothing of images; whoever reads it is told. */
export function setPretrainedGuess(model: Module, config: PretrainedConfig, path: string): void {
  guesses.set(model, () => {
    const { resize, crop, interpolation, mean, std } = config;
    const assumed = Object.entries({ resize, crop, interpolation, mean, std });
    const list = assumed.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', ');
    warnOnce(`${path} does not say how images are prepared; assumed ${list}. Set model.pretrainedConfig to say it.`);
    return config;
  });
}

/** What `model.pretrainedConfig` reads: what is known, or else the guess, with a warning. */
export function knownOrGuessed(model: Module): PretrainedConfig | undefined {
  return known.get(model) ?? guesses.get(model)?.();
}

/** The part of it that is of images. */
export function preprocessingOf({ layout: _, labels: __, ...preprocessing }: PretrainedConfig): Preprocessing {
  return preprocessing;
}

type Readers = {
  readonly [Name in keyof Required<Omit<PretrainedConfig, 'layout' | 'labels'>>]: (
    fields: JsonFields,
  ) => PretrainedConfig[Name] | undefined;
};

/** One for each field, which the type checker sees to: what is written is read. */
const readers: Readers = {
  resize: (fields) => {
    const value = fields.raw('resize');
    if (value === 'none') return value;
    return typeof value === 'number' ? fields.integer('resize', 1) : fields.size('resize');
  },
  fit: (fields) => oneOf(fields, 'fit', ['stretch', 'cover', 'contain']),
  longest: (fields) => fields.integer('longest', 1),
  crop: (fields) => fields.size('crop'),
  rounding: (fields) => oneOf(fields, 'rounding', ['even', 'down']),
  fill: (fields) => fields.numbers('fill'),
  interpolation: (fields) => oneOf(fields, 'interpolation', INTERPOLATIONS),
  antialias: (fields) => fields.boolean('antialias'),
  rescale: (fields) => fields.number('rescale', -Infinity),
  mean: (fields) => fields.numbers('mean'),
  std: (fields) => fields.numbers('std'),
  cropPct: (fields) => fields.number('cropPct'),
};
const required = ['resize', 'crop', 'interpolation', 'mean', 'std'] as const;

function oneOf<T extends string>(fields: JsonFields, key: string, names: readonly T[]): T | undefined {
  const value = fields.string(key);
  if (value === undefined) return undefined;
  const name = names.find((candidate) => candidate === value);
  if (name === undefined) throw fileError(names.join(' or '), `"${key}" of ${fields.where}`, quoted(value));
  return name;
}

/**
 * What a description says under "preprocessing" and "labels"; undefined without the first.
 *
 * @throws TypeError for one that is not whole
 */
export function readKnown(description: JsonFields, layout: LayoutName): PretrainedConfig | undefined {
  const fields = description.object('preprocessing');
  if (fields === undefined) return undefined;
  const read = Object.entries(readers).map(([name, reader]) => [name, reader(fields)] as const);
  const config = { ...onlyGiven(Object.fromEntries(read)), layout };
  const missing = required.find((name) => !Object.hasOwn(config, name));
  if (missing !== undefined) throw fileError(`"${missing}" as vitrine writes it`, fields.where, 'none');
  const labels = readLabels(description);
  return { ...(config as unknown as PretrainedConfig), ...(labels && { labels }) }; // every field by its reader
}

function readLabels(description: JsonFields): string[] | undefined {
  const labels = description.raw('labels');
  if (labels === undefined) return undefined;
  if (Array.isArray(labels) && labels.every((label) => typeof label === 'string')) return labels;
  throw fileError('an array of names as "labels"', description.where, 'something else');
}

/**
 * The same preparation for a model of another image size, as its library has it: the crop is the model's input, and
 * what is cut from keeps its proportion to it.
 */
export function followSize<P extends Preprocessing & { cropPct?: number }>(
  config: P,
  imgSize: readonly [number, number],
): P {
  const { crop, resize, cropPct, longest } = config;
  if (crop[0] === imgSize[0] && crop[1] === imgSize[1]) return config;
  if (resize === 'none') return { ...config, crop: imgSize };
  const scaled = (length: number, axis: 0 | 1): number =>
    // timm divides by its share, which rounding has not gone over; others tell both lengths.
    Math.floor(cropPct === undefined ? (length * imgSize[axis]) / crop[axis] : imgSize[axis] / cropPct);
  const larger = (length: number): number => Math.max(scaled(length, 0), scaled(length, 1));
  if (typeof resize !== 'number')
    return { ...config, crop: imgSize, resize: [scaled(resize[0], 0), scaled(resize[1], 1)] };
  if (cropPct === undefined || imgSize[0] === imgSize[1]) {
    return { ...config, crop: imgSize, resize: larger(resize), ...(longest && { longest: larger(longest) }) };
  }
  // timm's transforms for a rectangle: ResizeKeepRatio, without the interpolation asked for.
  const cover = { resize: [scaled(resize, 0), scaled(resize, 1)], fit: 'cover', interpolation: 'bilinear' } as const;
  return { ...config, crop: imgSize, ...cover };
}
