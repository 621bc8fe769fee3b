import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expected } from '../../check.js';
import { fileErrorFrom } from '../../io/formats/file-error.js';
import type { Logs, TrainerCallback, TrainingState } from '../callbacks.js';
import type { EpochRecord } from '../epoch-record.js';
import type { Evaluation } from '../evaluate.js';

/**
 * Appends what happens to a file, a JSON object a line with `event` and `step`: `metrics.jsonl`; or hands each line, its
 * end included, to a function. Numbers that are not finite become their names, as JSON has none.
 *
 * @throws TypeError for what is neither path nor function
 * @example
 * const callbacks = [new loggers.JsonLines((line) => process.stdout.write(line))];
 */
export class JsonLines implements TrainerCallback {
  readonly #write: (line: string) => unknown;

  constructor(target: string | ((line: string) => unknown)) {
    if (typeof target !== 'function' && (typeof target !== 'string' || target === '')) {
      throw expected('a path or a function', 'JsonLines', target);
    }
    this.#write = typeof target === 'function' ? target : (line) => append(target, line);
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

  async #append(event: object): Promise<void> {
    await this.#write(jsonLine(event));
  }
}

/** @internal An object as a line of JSON. */
export function jsonLine(value: object): string {
  const text = JSON.stringify(value, (_, item) =>
    typeof item === 'number' && !Number.isFinite(item) ? String(item) : item,
  );
  return `${text}\n`;
}

async function append(path: string, line: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await appendFile(path, line);
  } catch (cause) {
    throw fileErrorFrom(cause, 'a file that lines can be added to', path, 'Is there room, and the right to write?');
  }
}
