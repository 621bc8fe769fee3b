import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { checkOneOf, describe } from '../check.js';
import { fileError, fileErrorFrom, quoted } from '../io/formats/file-error.js';
import { isObject, JsonFields } from '../io/formats/json-fields.js';
import { regularFileSize } from '../io/formats/regular-file.js';
import { parseStrictJson } from '../io/formats/strict-json.js';
import { type ConfigOf, isOwnFamily, type OwnFamily, readOwnConfig } from '../io/pretrained/own-config.js';
import { DEFAULT_RUN, RUN_FILES } from './run-folder.js';
import type { TrainSettings } from './train-settings.js';

/** The version of what config.json holds; a reader takes its own and all before it, of which the first had no number. */
const VERSION = 1;

// Twenty thousand names of classes take less than a tenth of it.
const MOST_BYTES = 10_000_000;

/** What config.json holds: enough to build the model again, and how it was trained. */
export interface RunConfig {
  readonly version: number;
  /** What kind of model it is; left out for a ViT. */
  readonly family?: OwnFamily;
  readonly model: ConfigOf[OwnFamily];
  readonly classNames: readonly string[];
  /** Folder of images or IDX files, absolute; null for the bundled digits. */
  readonly data: string | null;
  readonly training: Omit<TrainSettings, 'data' | 'out' | 'report' | 'tensorboard' | 'quiet' | 'json' | 'force'>;
}

/** What a reader of a run needs of it. */
export interface ReadRunConfig extends Pick<RunConfig, 'classNames' | 'data'> {
  readonly family: OwnFamily;
  /** Of that family. */
  readonly model: ConfigOf[OwnFamily];
  readonly training: Pick<TrainSettings, 'batch' | 'precision' | 'seed' | 'valSplit'> & {
    /** Whether classes counted differently in the loss. */
    readonly isWeighted: boolean;
  };
}

/** The config.json of a run with these settings. */
export function runConfig(
  settings: TrainSettings,
  model: ConfigOf[OwnFamily],
  classNames: readonly string[],
): RunConfig {
  const { data, out: _out, report: _report, tensorboard: _events, quiet: _quiet, ...rest } = settings;
  const { json: _json, force: _force, ...training } = rest;
  const source = data === null ? null : resolve(data);
  const family = 'depths' in model ? ({ family: 'swin' } as const) : {};
  return { version: VERSION, ...family, model, classNames, data: source, training };
}

/** Reads a run's config.json, as untrusted as any file; nothing is built. Throws one sentence if it is none. */
export async function readRunConfig(folder: string): Promise<ReadRunConfig> {
  const path = join(folder, RUN_FILES.config);
  const fields = new JsonFields(await readJson(path), path);
  const version = fields.integer('version', 1) ?? 1;
  if (version > VERSION) {
    throw fileError(`a version of at most ${VERSION}`, path, `version ${version}`, 'Read it with a newer vitrine.');
  }
  const model = fields.object('model');
  const names = fields.raw('classNames');
  if (model === undefined || !Array.isArray(names)) {
    throw fileError('"model" and "classNames"', path, 'JSON without them', notARun());
  }
  const family = fields.string('family') ?? 'vit';
  if (!isOwnFamily(family))
    throw fileError('a family that is known', path, quoted(family), 'Read it with a newer vitrine.');
  const config = readOwnConfig(model, family);
  if (!names.every((name) => typeof name === 'string') || names.length > config.numClasses) {
    throw fileError(`the names of at most ${config.numClasses} classes as "classNames"`, path, 'something else');
  }
  return {
    family,
    model: config,
    classNames: names,
    data: fields.string('data') ?? null,
    training: readTraining(fields),
  };
}

/** What of the training says how the model is to be run; as the command line has it where the file does not. */
function readTraining(fields: JsonFields): ReadRunConfig['training'] {
  const training = fields.object('training');
  const precision = training?.string('precision') ?? 'fp32';
  const where = `"precision" of ${training?.where ?? fields.where}`;
  return {
    batch: training?.integer('batch', 1) ?? 64,
    precision: checkOneOf(precision, where, ['fp32', 'bf16']),
    seed: training?.integer('seed') ?? 0,
    valSplit: training?.number('valSplit', 0),
    isWeighted: training?.raw('classWeights') !== undefined,
  };
}

/** Whether a folder is one that `vitrine train` has written, or a damaged one. */
export async function holdsRun(folder: string): Promise<boolean> {
  const path = join(folder, RUN_FILES.config);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return false;
  try {
    const found: unknown = parseStrictJson(text, path);
    return isObject(found) && Object.hasOwn(found, 'classNames');
  } catch {
    return true;
  }
}

function notARun(): string {
  return `Give a folder that \`vitrine train\` has written, such as ${DEFAULT_RUN}.`;
}

async function readJson(path: string): Promise<unknown> {
  let bytes: number;
  try {
    bytes = await regularFileSize(path);
  } catch (cause) {
    throw fileErrorFrom(cause, 'the settings of a training run', path, notARun());
  }
  if (bytes > MOST_BYTES) throw fileError(`at most ${MOST_BYTES} bytes`, path, `${bytes} bytes`, notARun());
  return parseStrictJson(await readFile(path, 'utf8'), path);
}

// What a run's result does not depend on: it may be trained again with others of these and is the same run.
const WITHOUT_EFFECT = [
  'threads',
  'capture',
  'gradCheckpointing',
  'optimizerInBackward',
  'trace',
  'checkpoints',
  'resume',
  'cache',
];

/** Whether a folder's config.json is that of a run with these settings, whatever became of it; undefined for none. */
export async function holdsSameRun(folder: string, config: RunConfig): Promise<boolean | undefined> {
  const others = await otherSettings(folder, config);
  return others === undefined ? undefined : others.length === 0;
}

/**
 * What a folder's config.json says otherwise than these settings, such as `batch 64`; settings that only one of them
 * knows are of another version, and do not tell runs apart. Undefined where there is no config.json.
 */
export async function otherSettings(folder: string, { data, training }: RunConfig): Promise<string[] | undefined> {
  const path = join(folder, RUN_FILES.config);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw fileErrorFrom(error, 'the settings of an earlier run, or none,', path);
  });
  if (text === undefined) return undefined;
  try {
    const found: unknown = parseStrictJson(text, path);
    if (!isObject(found)) return ['no settings'];
    const ofData = found.data === data ? [] : [`data ${describe(found.data)}`];
    return [...ofData, ...differences(found.training, JSON.parse(JSON.stringify(training)), 'training')];
  } catch {
    return ['a damaged config.json'];
  }
}

/** What `found` has otherwise than `wanted`, by the names of settings. */
function differences(found: unknown, wanted: unknown, name: string): string[] {
  if (!isObject(found) || !isObject(wanted)) {
    return JSON.stringify(found) === JSON.stringify(wanted) ? [] : [`${name} ${describe(found)}`];
  }
  const names = Object.keys(wanted).filter((key) => !WITHOUT_EFFECT.includes(key) && Object.hasOwn(found, key));
  return names.flatMap((key) => differences(found[key], wanted[key], key));
}
