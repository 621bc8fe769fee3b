import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expected, Text } from '../check.js';
import type { Callbacks, TrainingState } from './callbacks.js';
import { CHECKPOINT_FILES, checkpointWriter, readCheckpoint, type Trained } from './checkpoint-files.js';
import { CheckpointFolder, type CheckpointOptions } from './checkpoint-folder.js';
import { readIndex } from './checkpoint-index.js';
import type { FedTraining } from './data-plan.js';
import type { EpochRecord } from './epoch-record.js';
import type { FitState, Scores } from './fit-state.js';
import { Monitor } from './monitor.js';

/** When a training's checkpoints are written, and where it goes on from. */
export class Saving {
  readonly #options: CheckpointOptions;
  readonly #folder: CheckpointFolder;
  readonly #trained: Trained;
  readonly #state: FitState;
  readonly #monitor: Monitor;
  #savedAt: string | undefined;

  private constructor(
    options: CheckpointOptions,
    folder: CheckpointFolder,
    trained: Trained,
    state: FitState,
    hasTest: boolean,
  ) {
    this.#options = options;
    this.#folder = folder;
    this.#trained = trained;
    this.#state = state;
    this.#monitor = new Monitor(options.monitor ?? (hasTest ? 'testAccuracy' : 'trainLoss'), options.mode);
  }

  /** Opens the folder of a training, if it has one, and puts the training where it is to go on from. */
  static async open(options: FedTraining, trained: Trained, state: FitState): Promise<Saving | undefined> {
    const { checkpoints, resume, test } = options;
    if (checkpoints === undefined) {
      if (resume !== undefined) await resumeFrom(resume, trained, state);
      return undefined;
    }
    const folder = await CheckpointFolder.open(checkpoints);
    try {
      const from = resume === 'auto' ? folder.last : resume;
      if (resume === undefined && folder.last !== undefined) throw notEmpty(checkpoints.folder);
      if (from !== undefined) await resumeFrom(from, trained, state);
    } catch (error) {
      await folder.release();
      throw error;
    }
    return new Saving(checkpoints, folder, trained, state, test !== undefined);
  }

  /** Saves at a callback's wish. */
  static now(saving: Saving | undefined, scores: Scores): Promise<string> {
    if (saving !== undefined) return saving.#save(scores);
    throw expected('a training with checkpoints', 'save()', new Text('one without'), 'Give the Trainer `checkpoints`.');
  }

  /** Whether a checkpoint is to be written after a step. */
  isDue(globalStep: number): boolean {
    const { every } = this.#options;
    return every !== undefined && globalStep % every === 0;
  }

  async afterStep(scores: Scores, told: () => TrainingState, callbacks: Callbacks): Promise<void> {
    const path = await this.#save(scores);
    await callbacks.tell('onSave', told(), path);
  }

  async afterEpoch(record: EpochRecord, told: () => TrainingState, callbacks: Callbacks): Promise<void> {
    if (this.#options.every !== undefined) return;
    const { metrics, ...scores } = record;
    await this.afterStep({ ...scores, ...metrics }, told, callbacks);
  }

  /** Where a training ends early, the last checkpoint is of its last step. */
  async afterStop(told: () => TrainingState, callbacks: Callbacks): Promise<void> {
    if (this.#savedAt !== this.#position()) await this.afterStep({}, told, callbacks);
  }

  release(): Promise<void> {
    return this.#folder.release();
  }

  #position(): string {
    const { epoch, batch } = this.#state;
    return `${epoch} ${batch}`;
  }

  #save(scores: Scores): Promise<string> {
    const write = checkpointWriter(this.#trained, this.#state); // reads begin now
    this.#savedAt = this.#position();
    return this.#folder.write(this.#state.globalStep, this.#bestOf(scores), write);
  }

  /** What is watched, where there is such a number now and it is the best so far. */
  #bestOf(scores: Scores): number | undefined {
    if (!this.#monitor.isIn(scores)) return undefined;
    const value = this.#monitor.valueIn(scores);
    return this.#monitor.isBetter(value, this.#folder.bestValue) ? value : undefined;
  }
}

/** Puts a training where a checkpoint is, the last of a folder of them or one of them. */
async function resumeFrom(path: string, trained: Trained, state: FitState): Promise<void> {
  const isOne = (await stat(join(path, CHECKPOINT_FILES.state)).catch(() => undefined)) !== undefined;
  if (isOne) return readCheckpoint(path, trained, state);
  const index = await readIndex(path);
  if (index !== undefined) return readCheckpoint(join(path, index.last), trained, state);
  const advice = "Name a folder of checkpoints, or one of them; 'auto' begins anew where there is none.";
  throw expected('a checkpoint of a training', 'Trainer resume', new Text(`${path}, which holds none`), advice);
}

function notEmpty(folder: string): Error {
  const advice = "Go on from them with resume: 'auto', or choose another folder.";
  return expected(
    'a folder without checkpoints',
    `Trainer checkpoints ${basename(folder)}`,
    new Text('one with some'),
    advice,
  );
}
