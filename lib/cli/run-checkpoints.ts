import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expected, listed, quoted, Text } from '../check.js';
import { writeFileAtomically } from '../io/formats/atomic-file.js';
import { fileErrorFrom } from '../io/formats/file-error.js';
import { isObject } from '../io/formats/json-fields.js';
import { parseStrictJson } from '../io/formats/strict-json.js';
import { readClasses } from '../io/pretrained/checkpoint-files.js';
import type { FitResult } from '../train/fit-result.js';
import { holdsSameRun, otherSettings, type RunConfig } from './run-config.js';
import { RUN_FILES } from './run-folder.js';
import type { TrainSettings } from './train-settings.js';

/** Where a run's training keeps what it needs to go on: beside the run, which is replaced as a whole. */
export function checkpointFolder(out: string): string {
  return `${resolve(out)}.checkpoints`;
}

/** Removes what an earlier training of the run has left. */
export async function removeCheckpoints(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

/**
 * Notes beside the checkpoints what they are of, or, where a training goes on, makes sure that they are of the same.
 *
 * @throws TypeError for other classes, and, unless forced, for other settings
 */
export async function beginCheckpoints(
  folder: string,
  config: RunConfig,
  { resume, force }: Pick<TrainSettings, 'resume' | 'force'>,
): Promise<void> {
  if (resume) {
    await checkClasses(folder, config.classNames);
    const others = force ? [] : ((await otherSettings(folder, config)) ?? []);
    if (others.length > 0) {
      const advice = 'Give those that it was begun with, or go on with these with --force.';
      throw expected(
        'the settings of the training that goes on',
        '--resume',
        new Text(`others: ${listed(others)}`),
        advice,
      );
    }
  }
  try {
    await mkdir(folder, { recursive: true });
    await writeFileAtomically(join(folder, RUN_FILES.config), [Buffer.from(`${JSON.stringify(config, null, 2)}\n`)]);
  } catch (cause) {
    throw fileErrorFrom(cause, 'a folder to write checkpoints to', folder, 'Choose another place with --out.');
  }
}

/** Removes the folder of a training that failed before it had a checkpoint. */
export async function dropUnused(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  if (!names.some((name) => name.startsWith('step-') || name.endsWith('.lock'))) await removeCheckpoints(folder);
}

/** Whether a run with these settings has come to its end: its files are there, and there is nothing to go on with. */
export async function isDone(out: string, config: RunConfig): Promise<boolean> {
  const kept = await readdir(checkpointFolder(out)).catch(() => []);
  if (kept.some((name) => name.startsWith('step-')) || (await holdsSameRun(out, config)) !== true) return false;
  const path = join(out, RUN_FILES.summary);
  const text = await readFile(path, 'utf8').catch(() => 'null');
  const summary = parseStrictJson(text, path);
  return isObject(summary) && summary.stopped === false;
}

async function checkClasses(folder: string, classNames: readonly string[]): Promise<void> {
  const path = join(folder, RUN_FILES.config);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  const names = text === undefined ? await readClasses(join(folder, RUN_FILES.classes)) : namesIn(text, path);
  if (names === undefined) return; // nothing was begun
  if (names.join('\0') === classNames.join('\0')) return;
  const advice = 'Name the data that it was begun with, or begin anew with --force.';
  const what = `the classes of the training that goes on, ${listed(names.map(quoted), { most: 8 })},`;
  throw expected(what, '--resume', new Text(listed(classNames.map(quoted), { most: 8 })), advice);
}

/** What a run's config.json calls its classes. */
function namesIn(text: string, path: string): readonly string[] {
  const found = parseStrictJson(text, path);
  return isObject(found) && Array.isArray(found.classNames) ? found.classNames.map(String) : [];
}

/** A training that came to its end needs them no more; of one that was stopped, says how it goes on. */
export async function finishCheckpoints(
  folder: string,
  { reason }: FitResult,
  { quiet }: TrainSettings,
): Promise<void> {
  if (reason === 'done') await removeCheckpoints(folder);
  else if (!quiet) console.error('To go on, run the same command with --resume.');
}
