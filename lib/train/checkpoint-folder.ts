import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkInteger, checkOneOf, expected, Text } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { writeFileAtomically } from '../io/formats/atomic-file.js';
import { fileErrorFrom } from '../io/formats/file-error.js';
import { type FileLock, takeLock } from '../io/formats/file-lock.js';
import { syncFolder } from '../io/formats/sync-folder.js';
import { late } from '../late.js';
import { type CheckpointIndex, INDEX_FILE, indexText, NAME, readIndex } from './checkpoint-index.js';

/** Options of the Trainer's `checkpoints`. */
export interface CheckpointOptions {
  /** Where they are kept, one folder a run; made where it is missing. */
  folder: string;
  /** Steps from one to the next. Default: one after each epoch. */
  every?: number;
  /** How many of the newest are kept, beside the best. Default 2. */
  keep?: number;
  /** What the best is the best of, among `EpochRecord`'s numbers and metrics. Default `testAccuracy`, or `trainLoss` without a test set. */
  monitor?: string;
  /** Whether less of that is better, or more. Default: less of a loss, more of all else. */
  mode?: 'min' | 'max';
}

const NAMES: OptionNames<CheckpointOptions> = { folder: true, every: true, keep: true, monitor: true, mode: true };

/** @internal Throws for what is missing, unknown or out of range. */
export function checkCheckpoints(options: CheckpointOptions, where: string): CheckpointOptions {
  checkOptions(options, NAMES, where);
  const { folder, every, keep, monitor, mode } = options;
  if (typeof folder !== 'string' || folder === '') throw expected('a path', `${where} folder`, folder);
  if (every !== undefined) checkInteger(every, `${where} every`, 1);
  if (keep !== undefined) checkInteger(keep, `${where} keep`, 1);
  if (monitor !== undefined && typeof monitor !== 'string') throw expected('a name', `${where} monitor`, monitor);
  if (mode !== undefined) checkOneOf(mode, `${where} mode`, ['min', 'max']);
  return options;
}

/** Writes the files of one checkpoint into a folder. */
export type WriteFiles = (folder: string) => Promise<void>;

/**
 * A run's checkpoints: `last`, `best` and the newest, each a folder `step-<number>` of its own. One is written whole under
 * another name, put on the disk and renamed, and the index after that; so whatever the moment at which the process or the
 * machine ends, the index names checkpoints that are whole. One process at a time writes.
 */
export class CheckpointFolder {
  readonly #folder: string;
  readonly #keep: number;
  readonly #lock: FileLock;
  #index: CheckpointIndex | undefined;

  private constructor(folder: string, keep: number, lock: FileLock, index: CheckpointIndex | undefined) {
    this.#folder = folder;
    this.#keep = keep;
    this.#lock = lock;
    this.#index = index;
  }

  /** Takes the folder, and clears away what a killed process has left. */
  static async open({ folder, keep = 2 }: CheckpointOptions): Promise<CheckpointFolder> {
    await mkdir(folder, { recursive: true }).catch((cause) => {
      throw fileErrorFrom(cause, 'a folder that may be made', folder, 'Choose another for checkpoints.');
    });
    const lock = await takeLock(join(folder, '.lock'), (who) => {
      const advice = 'Wait for its end, or choose another folder for checkpoints.';
      return expected('checkpoints that nobody else writes', folder, new Text(`those of ${who}`), advice);
    });
    try {
      const index = await readIndex(folder);
      await sweep(folder, index);
      return new CheckpointFolder(folder, keep, lock, index);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** The path of the last checkpoint, if there is one. */
  get last(): string | undefined {
    return this.#index && join(this.#folder, this.#index.last);
  }

  /** The value of the best one. */
  get bestValue(): number | undefined {
    return this.#index?.best?.value;
  }

  /**
   * Writes a checkpoint.
   *
   * @param best its value, where it is the best so far
   * @returns its path
   */
  async write(step: number, best: number | undefined, writeFiles: WriteFiles): Promise<string> {
    const folder = this.#folder;
    const temporary = join(folder, `.step-${step}.${late.crypto.randomBytes(6).toString('hex')}.tmp`);
    const name = await this.#freeName(step);
    try {
      await mkdir(temporary);
      await writeFiles(temporary);
      await syncFolder(temporary);
      await rename(temporary, join(folder, name));
    } catch (cause) {
      await rm(temporary, { recursive: true, force: true }).catch(() => undefined); // the next one to open it clears up
      if (cause instanceof TypeError) throw cause; // a sentence already
      throw fileErrorFrom(cause, 'a folder to write checkpoints to', folder, 'Those that are there stay.');
    }
    await syncFolder(folder);
    const newest = [...(this.#index?.newest ?? []), name].slice(-this.#keep);
    await this.#writeIndex({
      last: name,
      best: best === undefined ? this.#index?.best : { name, value: best },
      newest,
    });
    return join(folder, name);
  }

  async #writeIndex(index: CheckpointIndex): Promise<void> {
    await writeFileAtomically(join(this.#folder, INDEX_FILE), [Buffer.from(indexText(index))]);
    this.#index = index;
    await sweep(this.#folder, index);
  }

  async #freeName(step: number): Promise<string> {
    const padded = `step-${String(step).padStart(6, '0')}`;
    for (let again = 1; ; again++) {
      const name = again === 1 ? padded : `${padded}-${again}`;
      if ((await stat(join(this.#folder, name)).catch(() => undefined)) === undefined) return name;
    }
  }

  async release(): Promise<void> {
    await this.#lock.release();
  }
}

/** Removes what the index does not name; with the lock, so that none of it is anybody's. */
async function sweep(folder: string, index: CheckpointIndex | undefined): Promise<void> {
  const named = new Set([index?.last, index?.best?.name, ...(index?.newest ?? [])]);
  for (const name of await readdir(folder)) {
    const isLeft = /^\.step-\d+\.[0-9a-f]{12}\.tmp$/.test(name);
    if (isLeft || (NAME.test(name) && !named.has(name))) await rm(join(folder, name), { recursive: true, force: true });
  }
}
