import { checkPair } from '../../check.js';
import { resolveSwin, type SwinConfig, swinOptionNames } from '../../nn/swin/config.js';
import { resolveConfig, type ViTConfig, type ViTOptions, viTOptionNames } from '../../nn/vit/config.js';
import { fileError, fileErrorFrom, listed, quoted } from '../formats/file-error.js';
import type { JsonFields } from '../formats/json-fields.js';

/** The options of each family's models, by the word for it in files of ours. */
export interface ConfigOf {
  vit: ViTConfig;
  swin: SwinConfig;
}

/** A family, as files of ours call it. */
export type OwnFamily = keyof ConfigOf;

const FAMILIES: {
  readonly [Family in OwnFamily]: {
    readonly name: string;
    readonly options: readonly string[];
    /** Checks options, value by value. */
    resolve(options: Record<string, unknown>): ConfigOf[Family];
  };
} = {
  vit: { name: 'ViT', options: viTOptionNames, resolve: resolveConfig },
  swin: { name: 'Swin', options: swinOptionNames, resolve: resolveSwin },
};

/** Whether a word of a file is a family's. */
export function isOwnFamily(name: string): name is OwnFamily {
  return Object.hasOwn(FAMILIES, name);
}

/**
 * The options of a model as a file of ours states them, whole and checked; nothing is built.
 *
 * @throws TypeError, one sentence, for an option that is none, or a value that none may have
 */
export function readOwnConfig<Family extends OwnFamily>(fields: JsonFields, family: Family): ConfigOf[Family] {
  const { name: model, options: known, resolve } = FAMILIES[family];
  const options: Record<string, unknown> = {};
  for (const name of fields.keys()) {
    const value = fields.raw(name);
    // Every word that an option may be; a file's other words do not reach the terminal as they are.
    if (typeof value === 'string' && !/^\w{0,20}$/.test(value)) {
      throw fileError(`an option of ${model}`, `${quoted(name)} of ${fields.where}`, quoted(value));
    }
    options[name] = value;
  }
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    const received = listed(unknown.map(quoted));
    throw fileError(`the options of ${model} alone`, fields.where, received, 'A newer vitrine may have written it.');
  }
  try {
    return resolve(options);
  } catch (cause) {
    throw fileErrorFrom(cause, `options that ${model} takes`, fields.where);
  }
}

/**
 * Options that the same weights may be used with in one way or another: what a caller says of them holds, whatever the
 * file says. All others are part of what the weights mean.
 */
export const freeOptions: ReadonlySet<string> = new Set<keyof ViTConfig>([
  'imgSize',
  'numClasses',
  'globalPool',
  'dropRate',
  'posDropRate',
  'projDropRate',
  'attnDropRate',
  'dropPathRate',
  'patchEmbed',
  'dynamicImgSize',
  'dynamicImgPad',
  'weightInit',
  'maskToken',
]);

/** An option that is said to be one thing and known to be another. */
export interface Contradiction {
  readonly name: string;
  readonly said: unknown;
  readonly known: unknown;
}

/** The first option that cannot be as it is said to be, given what is known. */
export function contradiction(
  said: ViTOptions,
  known: Partial<ViTConfig>,
  free: ReadonlySet<string> = new Set(),
): Contradiction | undefined {
  for (const name of Object.keys(known) as (keyof ViTConfig)[]) {
    if (free.has(name) || !Object.hasOwn(said, name)) continue;
    if (!same(name, said, known)) return { name, said: said[name], known: known[name] };
  }
  return undefined;
}

function same(name: keyof ViTConfig, said: ViTOptions, known: Partial<ViTConfig>): boolean {
  switch (name) {
    case 'patchSize':
      return pairText(said.patchSize) === pairText(known.patchSize);
    case 'mlpRatio':
      return hidden(said, known) === hidden(known, known);
    case 'posEmbed':
      return (said.posEmbed === 'learn' ? 'learned1d' : said.posEmbed) === known.posEmbed;
    // The value that training began with; the file's factors take its place.
    case 'initValues':
      return (said.initValues === undefined) === (known.initValues === undefined);
    default:
      return JSON.stringify(said[name]) === JSON.stringify(known[name]);
  }
}

function pairText(size: ViTConfig['patchSize'] | undefined): string {
  return size === undefined ? '' : checkPair(size, 'ViT patchSize', 1).join();
}

/** The width of the MLP. */
function hidden({ mlpRatio }: ViTOptions, { embedDim }: Partial<ViTConfig>): number {
  return Math.floor((embedDim ?? 0) * (mlpRatio ?? 0));
}

/** An option as messages show it: `numHeads: 4`. */
export function optionText(name: string, value: unknown): string {
  return `${name}: ${value === undefined ? 'none' : JSON.stringify(value)}`;
}
