import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expected } from '../../check.js';
import type { Logs, TrainerCallback, TrainingState } from '../callbacks.js';
import type { EpochRecord } from '../epoch-record.js';
import type { Evaluation } from '../evaluate.js';

/**
 * Appends what happens to a file, a JSON object a line with `event` and `step`: `metrics.jsonl`. Numbers that are not
 * finite become their names, as JSON has none.
 *
 * @throws TypeError for what is no path
 */
export class JsonLines implements TrainerCallback {
  readonly #path: string;

  constructor(path: string) {
    if (typeof path !== 'string' || path === '') throw expected('a path', 'JsonLines', path);
    this.#path = path;
  }

  onLog({ globalStep, epoch }: TrainingState, logs: Logs): Promise<void> {
    return this.#append({ event: 'log', step: globalStep, epoch, ...logs });
  }

  /** Writes a line. */
  onEvaluate({ globalStep, epoch }: TrainingState, { loss, accuracy, metrics }: Evaluation): Promise<void> {
    return this.#append({ event: 'evaluate', step: globalStep, epoch, loss, accuracy, ...(metrics && { metrics }) });
  }

  onSave({ globalStep, epoch }: TrainingState, path: string): Promise<void> {
    return this.#append({ event: 'save', step: globalStep, epoch, path });
  }

  /** Writes a line. */
  onEpochEnd({ globalStep }: TrainingState, record: EpochRecord): Promise<void> {
    return this.#append({ event: 'epoch', step: globalStep, ...record });
  }

  async #append(line: object): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    const text = JSON.stringify(line, (_, value) =>
      typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
    );
    await appendFile(this.#path, `${text}\n`);
  }
}
