import { copyFile, mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LIVE_FILES } from './run-folder.js';

// In the folder that is written: what stood in the run's folder before.
const FORMER = 'former';

/**
 * The files of a run that are read while it goes on. They stand in the run's folder from the first epoch on, beside the
 * weights of a former run if there is one. A run that ends with an error gives a former one its files back; where there was
 * none, they stay and tell how far it came.
 */
export class LiveFiles {
  readonly #target: string;
  readonly #stage: string;

  private constructor(target: string, stage: string) {
    this.#target = target;
    this.#stage = stage;
  }

  /** Puts copies of the former run's files aside. */
  static async open(target: string, stage: string): Promise<LiveFiles> {
    await mkdir(join(stage, FORMER));
    for (const name of LIVE_FILES) {
      await copyFile(join(target, name), join(stage, FORMER, name)).catch(ignoreAbsence);
    }
    return new LiveFiles(target, stage);
  }

  /** Where one of them stands. */
  path(name: (typeof LIVE_FILES)[number]): string {
    return join(this.#target, name);
  }

  /** To be called before the run takes the folder's place. */
  async commit(): Promise<void> {
    await rm(join(this.#stage, FORMER), { recursive: true });
  }

  async abandon(): Promise<void> {
    for (const name of LIVE_FILES) {
      await rename(join(this.#stage, FORMER, name), this.path(name)).catch(ignoreAbsence);
    }
    await rmdir(this.#target).catch(() => undefined); // there is something in it
  }
}

function ignoreAbsence(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
