import { stat } from 'node:fs/promises';
import { fileError } from './file-error.js';
import { openRegularFile, readFully, regularFileSize } from './regular-file.js';

/** A file that is read in parts, over a long time: one that is changed meanwhile is noticed, and not read. */
export class StampedFile {
  private constructor(
    readonly path: string,
    readonly size: number,
    readonly mtimeMs: number,
  ) {}

  /** @throws TypeError unless there is a regular file that may be read */
  static async of(path: string): Promise<StampedFile> {
    const size = await regularFileSize(path);
    const { mtimeMs } = await stat(path);
    return new StampedFile(path, size, mtimeMs);
  }

  /** Other than before when the file is. */
  get stamp(): string {
    return `${this.path}\0${this.size}\0${this.mtimeMs}`;
  }

  /** @throws TypeError where the file was changed since, or ends before */
  async read(begin: number, length: number): Promise<Uint8Array> {
    const { handle } = await openRegularFile(this.path);
    try {
      const { size, mtimeMs } = await handle.stat();
      if (size !== this.size || mtimeMs !== this.mtimeMs) {
        throw fileError('a file that stays as it is', this.path, 'one that was changed while in use', 'Open it again.');
      }
      const bytes = new Uint8Array(length);
      await readFully(handle, bytes, begin, this.path);
      return bytes;
    } finally {
      await handle.close();
    }
  }
}
