import { checkPair, expected, Text } from '../../../check.js';
import type { Grid } from '../../../nn/resample.js';
import type { SwinConfig, SwinOptions } from '../../../nn/swin/config.js';
import { warnOnce } from '../../../warning.js';
import { fileError } from '../../formats/file-error.js';
import { entriesOf, sideOf } from '../bias-table.js';
import type { Shapes } from '../layouts/architecture.js';
import { optionText } from '../own-config.js';
import { readSwinArchitecture, type SwinArchitecture } from './architecture.js';
import type { Buffers } from './buffers.js';
import type { SwinEvidence, SwinLayout } from './layouts.js';
import { windowsOf } from './windows.js';

/** The model that a checkpoint is of. */
export interface SwinPlan {
  readonly config: Partial<SwinConfig> & Pick<SwinConfig, 'imgSize' | 'windowSize'> & SwinArchitecture['config'];
  /** The windows that its tables are of, by stage; none for version 2. */
  readonly windows: readonly Grid[];
  /** What nothing told, as it is taken to be. */
  readonly assumed: Partial<SwinConfig>;
}

/** What is known of a checkpoint besides shapes. */
export interface SwinFacts {
  readonly given: SwinOptions;
  readonly buffers: Buffers;
  readonly pretrainedWindows: readonly number[] | undefined;
}

// What the same weights may be used with in one way or another: tables of positions are resized.
const free: ReadonlySet<string> = new Set<keyof SwinConfig>([
  ...(['imgSize', 'numClasses', 'globalPool', 'windowSize', 'pretrainedWindowSizes'] as const),
  ...(['dropRate', 'projDropRate', 'dropPathRate'] as const),
]);

// Distances of a larger window than 512 x 512 are no model's.
const mostEntries = 2 ** 20;

/**
 * What the files say is believed, then what the caller says, and a guess comes last.
 *
 * @throws TypeError where they contradict one another, or nothing tells what must be known
 */
export function planSwin(shapes: Shapes, layout: SwinLayout, evidence: SwinEvidence, facts: SwinFacts): SwinPlan {
  const { path, own } = evidence;
  const { config: shown, entries } = readSwinArchitecture(shapes, path);
  const stated: Partial<SwinConfig> = own?.config ?? layout.configure(evidence);
  refuse(stated, shown, { path, by: 'as its weights have it', whose: 'what the file says' });
  refuse(facts.given, { ...stated, ...shown }, { path, by: 'as the checkpoint says', whose: 'the option', free });
  const assumed: { -readonly [Name in keyof SwinConfig]?: SwinConfig[Name] } = {};
  const windowSize = stated.windowSize ?? windowShown(entries, facts.buffers) ?? facts.given.windowSize;
  if (windowSize === undefined) {
    const advice = 'Give windowSize, and imgSize and pretrainedWindowSizes where they are not as usual.';
    throw fileError('the size of windows', path, 'weights that do not tell it', advice);
  }
  const sizes = { ...shown, windowSize };
  const imgSize = stated.imgSize ?? imageShown(sizes, entries, facts.buffers) ?? facts.given.imgSize;
  if (imgSize === undefined) assumed.imgSize = usualImage(sizes);
  const pretrained = stated.pretrainedWindowSizes ?? facts.pretrainedWindows ?? facts.given.pretrainedWindowSizes;
  if (shown.version === 2 && pretrained === undefined) assumed.pretrainedWindowSizes = shown.depths.map(() => 0);
  const config = {
    ...{ ...sizes, normEps: 1e-5, ...stated, ...(own === undefined && shown) },
    imgSize: imgSize ?? assumed.imgSize ?? 224,
    ...(shown.version === 2 && pretrained !== undefined && { pretrainedWindowSizes: pretrained }),
  };
  for (const each of [config, { ...config, ...facts.given }]) checkWindow(each, path);
  return { config, windows: tableWindows(config, entries, path), assumed };
}

interface Saying {
  readonly path: string;
  readonly by: string;
  readonly whose: string;
  readonly free?: ReadonlySet<string>;
}

function refuse(said: SwinOptions, known: Partial<SwinConfig>, { path, by, whose, free = new Set() }: Saying): void {
  const text = (value: unknown, name: string): string =>
    name === 'patchSize' ? JSON.stringify(checkPair(value, 'Swin patchSize', 1)) : JSON.stringify(value);
  for (const [name, value] of Object.entries(known)) {
    const other = said[name as keyof SwinConfig];
    if (free.has(name) || other === undefined || text(other, name) === text(value, name)) continue;
    const hidden = (ratio: unknown): number => Math.floor((known.embedDim ?? said.embedDim ?? 0) * Number(ratio));
    if (name === 'mlpRatio' && hidden(other) === hidden(value)) continue;
    const received = new Text(`${whose} ${optionText(name, other)}`);
    throw expected(`${optionText(name, value)}, ${by},`, path, received);
  }
}

/** Of version 1 the first stage's table tells it, of version 2 distances that lie beside. */
function windowShown([first]: readonly number[], { windows }: Buffers): SwinConfig['windowSize'] | undefined {
  return first === undefined ? windows.get(0) : sideOf(first);
}

type Sizes = SwinArchitecture['config'] & Pick<SwinConfig, 'windowSize'>;

/** A stage of fewer tokens than a window has is one window, and a mask is of all windows. */
function imageShown(
  { patchSize, windowSize, depths }: Sizes,
  entries: readonly number[],
  { windows, mask }: Buffers,
): SwinConfig['imgSize'] | undefined {
  const [patch, window] = [checkPair(patchSize, 'Swin patchSize', 1), checkPair(windowSize, 'Swin windowSize', 1)];
  const sizeOf = (grid: Grid): [number, number] => [grid[0] * patch[0], grid[1] * patch[1]];
  for (let i = 1; i < depths.length; i++) {
    const side = sideOf(entries[i] ?? 0);
    const own = side === undefined ? windows.get(i) : ([side, side] as const);
    if (own === undefined || own[0] >= window[0] || own[1] >= window[1]) continue;
    return sizeOf([own[0] * 2 ** i, own[1] * 2 ** i]);
  }
  const across = Math.sqrt(mask?.[0] ?? 0);
  if (mask === undefined || mask[1] !== window[0] * window[1] || !Number.isInteger(across)) return undefined;
  return sizeOf([across * window[0], across * window[1]]);
}

// What the published models of these windows take.
const usualSizes: Readonly<Record<string, number>> = {
  '1 7': 224,
  '1 12': 384,
  '2 8': 256,
  '2 12': 192,
  '2 16': 256,
  '2 24': 384,
};

function usualImage({ version, windowSize, patchSize, depths }: Sizes): [number, number] {
  const [patch, window] = [checkPair(patchSize, 'Swin patchSize', 1), checkPair(windowSize, 'Swin windowSize', 1)];
  const usual =
    patch[0] === 4 && patch[1] === 4 && window[0] === window[1] ? usualSizes[`${version} ${window[0]}`] : undefined;
  if (usual !== undefined) return [usual, usual];
  const scale = 2 ** (depths.length - 1); // so that the last stage is one window
  return [window[0] * patch[0] * scale, window[1] * patch[1] * scale];
}

function checkWindow({ windowSize, imgSize }: SwinOptions, path: string): void {
  const window = checkPair(windowSize, 'Swin windowSize', 1);
  const image = checkPair(imgSize, 'Swin imgSize', 1);
  const entries = entriesOf([Math.min(window[0], image[0]), Math.min(window[1], image[1])]);
  if (!(entries <= mostEntries)) {
    throw expected('a window of at most 512 x 512 tokens', path, new Text(optionText('windowSize', windowSize)));
  }
}

/** The windows that the tables are of: those that the sizes tell, or else squares. */
function tableWindows(config: SwinPlan['config'], entries: readonly number[], path: string): Grid[] {
  const told = windowsOf(config);
  return entries.map((count, i) => {
    const window = told[i] ?? [1, 1];
    if (entriesOf(window) === count) return window;
    const side = sideOf(count);
    const widest = checkPair(config.windowSize, 'Swin windowSize', 1);
    if (side !== undefined && side > Math.max(...widest)) {
      const received = `a model with windows of ${side} x ${side} in stage ${i}, such as Swin S3`;
      throw fileError('windows that are the same in all stages', path, received, 'There is no such model here.');
    }
    if (i > 0 && side !== undefined) return [side, side]; // of a model whose images were larger
    const what = `a table for ${optionText('windowSize', config.windowSize)}`;
    throw fileError(what, path, `one of ${count} entries in stage ${i}`);
  });
}

/** Says what was assumed, and how to say otherwise; what the caller gave is no guess. */
export function warnOfSwinGuess({ assumed }: SwinPlan, given: SwinOptions, path: string): void {
  const names = Object.keys(assumed) as (keyof SwinConfig)[];
  const texts = names.filter((name) => given[name] === undefined).map((name) => optionText(name, assumed[name]));
  if (texts.length === 0) return;
  warnOnce(`${path} does not tell all of its model; assumed ${texts.join(', ')}. Give what is otherwise as an option.`);
}
