import { stat } from 'node:fs/promises';
import { expected, Text } from '../check.js';
import type { PretrainedModel } from '../io/pretrained/families.js';
import { Model } from '../io/pretrained/model.js';
import '../io/pretrained/pretrained.js';
import { loadRun } from './load-run.js';
import { holdsRun, type ReadRunConfig } from './run-config.js';
import { DEFAULT_RUN } from './run-folder.js';

/** A model, and what its run's folder says besides, where it is one. */
export interface OpenedRun {
  readonly model: PretrainedModel;
  readonly config: ReadRunConfig | undefined;
}

/**
 * A model in evaluation mode from what `vitrine train` or `model.save` has written, or from a checkpoint of any
 * library that `Model.fromPretrained` knows: a folder or a file.
 *
 * @throws TypeError in one sentence for what is none
 */
export async function openRun(path: string): Promise<OpenedRun> {
  try {
    if (await holdsRun(path)) return await loadRun(path);
    return { model: await Model.fromPretrained(path), config: undefined };
  } catch (error) {
    const missing = (await stat(path).catch(() => undefined)) === undefined;
    if (!missing) throw error;
    const advice = `Give a folder that \`vitrine train\` has written, such as ${DEFAULT_RUN}, or a checkpoint.`;
    throw expected('a trained model', path, new Text('nothing: no such file or folder'), advice);
  }
}

/** The same, where only the model is of interest. */
export async function openModel(path: string): Promise<PretrainedModel> {
  return (await openRun(path)).model;
}
