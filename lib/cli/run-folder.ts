import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { writeFileAtomically } from '../io/atomic-file.js';
import { fileError, fileErrorFrom } from '../io/file-error.js';
import type { ViTConfig } from '../nn/vit-config.js';
import type { TrainSettings } from './train-settings.js';

/** The files that a training run leaves in its folder. */
export const RUN_FILES = {
  model: 'model.safetensors',
  config: 'config.json',
  summary: 'summary.json',
  report: 'report.html',
} as const;

/** Where `npm start` leaves its run. */
export const DEFAULT_RUN = join('runs', 'digits');

/** What config.json holds: enough to build the model again, and how it was trained. */
export interface RunConfig {
  readonly model: ViTConfig;
  readonly classNames: readonly string[];
  /** Folder of IDX files, absolute; null for the bundled digits. */
  readonly data: string | null;
  readonly training: Omit<TrainSettings, 'data' | 'out' | 'report' | 'quiet'>;
}

/** Makes the folder, with all above it, unless it is there; throws one sentence if that cannot be. */
export async function makeRunFolder(folder: string): Promise<void> {
  try {
    await makeFolder(resolve(folder));
  } catch (cause) {
    throw fileErrorFrom(cause, 'a folder to write to', folder, 'Choose another one with --out.');
  }
}

/** As `mkdir` with `recursive`, which in Node 20 never returns where a file system refuses with ENOENT (/proc does). */
async function makeFolder(folder: string): Promise<void> {
  const exists = await stat(folder).catch(() => undefined);
  if (exists?.isDirectory()) return;
  if (exists === undefined && dirname(folder) !== folder) await makeFolder(dirname(folder));
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    // Another process may have been quicker.
    if (error.code !== 'EEXIST' || exists !== undefined) throw error;
  });
}

/** Writes a text file of a run, whole or not at all. */
export async function writeRunFile(folder: string, name: string, text: string): Promise<void> {
  await writeFileAtomically(join(folder, name), [Buffer.from(text)]);
}

/** Reads a run's config.json; throws one sentence if it is none. */
export async function readRunConfig(folder: string): Promise<RunConfig> {
  const path = join(folder, RUN_FILES.config);
  const advice = `Give a folder that \`vitrine train\` has written, such as ${DEFAULT_RUN}.`;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw fileErrorFrom(cause, 'the settings of a training run', path, advice);
  }
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (cause) {
    throw fileErrorFrom(cause, 'JSON', path, advice);
  }
  if (!isRunConfig(config)) {
    throw fileError('"model", "classNames" and "data"', path, 'JSON without them', advice);
  }
  return config;
}

function isRunConfig(value: unknown): value is RunConfig {
  if (typeof value !== 'object' || value === null) return false;
  const { model, classNames, data } = value as Partial<RunConfig>;
  return (
    typeof model === 'object' &&
    model !== null &&
    Array.isArray(classNames) &&
    classNames.every((name) => typeof name === 'string') &&
    (data === null || typeof data === 'string')
  );
}
