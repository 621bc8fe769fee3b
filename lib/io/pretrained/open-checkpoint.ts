import { expected } from '../../check.js';
import type { Weights } from '../formats/weights.js';
import { type CheckpointFiles, openCheckpointFiles } from './checkpoint-files.js';
import type { Evidence } from './layouts/layout.js';
import type { AnyDescription, OwnDescription } from './model-metadata.js';
import type { OwnFamily } from './own-config.js';
import { ownDescription } from './own-description.js';
import { unwrap } from './unwrap.js';

/** A checkpoint, open: its weights without what wraps them, and all that is to be seen before any are read. */
export interface OpenCheckpoint {
  readonly files: CheckpointFiles;
  readonly weights: Weights;
  readonly evidence: Evidence<AnyDescription>;
}

/**
 * What is to be seen of a checkpoint that is read as one of a family's.
 *
 * @throws TypeError for a file of ours that says it is of another
 */
export function evidenceFor<Family extends OwnFamily>(
  { evidence }: OpenCheckpoint,
  family: Family,
): Evidence<Extract<AnyDescription, OwnDescription<Family>>> {
  const { own, path } = evidence;
  if (own === undefined || own.family === family) return evidence as Evidence<never>; // of that family
  throw expected(`a model of the family ${family}`, path, own.family, 'Model.fromPretrained reads any.');
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
