import { copyFile, readFile } from 'node:fs/promises';
import { writeFileAtomically } from '../io/formats/atomic-file.js';
import { fileErrorFrom } from '../io/formats/file-error.js';
import type { TrainerCallback, TrainingState } from '../train/callbacks.js';
import { JsonLines } from '../train/loggers/json-lines.js';

/**
 * How a run's training goes, in `metrics.jsonl`: while it goes on beside its checkpoints, so that what a killed training
 * has told is there when it goes on; what it told of steps that are done again is taken out then.
 */
export class RunMetrics extends JsonLines implements TrainerCallback {
  readonly #path: string;

  constructor(path: string) {
    super(path);
    this.#path = path;
  }

  async onTrainBegin({ globalStep }: TrainingState): Promise<void> {
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    const kept = text.split('\n').filter((line) => stepOf(line) <= globalStep);
    await writeFileAtomically(this.#path, [Buffer.from(kept.map((line) => `${line}\n`).join(''))]);
  }

  /** Copies what there is to the run. */
  async copyTo(path: string): Promise<void> {
    if (path === this.#path) return;
    await copyFile(this.#path, path).catch((cause) => {
      throw fileErrorFrom(cause, 'a file that may be written', path, 'Is there room, and the right to write?');
    });
  }
}

/** Of a line; a torn one, of a process that was killed, is of no step. */
function stepOf(line: string): number {
  try {
    const { step } = JSON.parse(line) as { step?: unknown };
    return typeof step === 'number' ? step : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
