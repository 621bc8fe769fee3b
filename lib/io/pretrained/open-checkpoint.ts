import type { Weights } from '../formats/weights.js';
import { type CheckpointFiles, openCheckpointFiles } from './checkpoint-files.js';
import type { Evidence } from './layouts/layout.js';
import { ownDescription } from './plan-model.js';
import { unwrap } from './unwrap.js';

/** A checkpoint, open: its weights without what wraps them, and all that is to be seen before any are read. */
export interface OpenCheckpoint {
  readonly files: CheckpointFiles;
  readonly weights: Weights;
  readonly evidence: Evidence;
}

/** Opens a checkpoint for `use`, and closes it after. */
export async function withCheckpoint<T>(path: string, use: (checkpoint: OpenCheckpoint) => Promise<T>): Promise<T> {
  const files = await openCheckpointFiles(path);
  try {
    const { config, preprocessor } = files;
    const weights = unwrap(files.weights);
    const infos = new Map(weights.names().map((name) => [name, weights.info(name)]));
    const own = ownDescription(files.weights, config);
    return await use({ files, weights, evidence: { path: weights.path, infos, config, preprocessor, own } });
  } finally {
    await files.weights.close();
  }
}
