import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises';
import { native } from '../../native.js';

/** The right to write what a file stands for; one process at a time has it. */
export interface FileLock {
  release(): Promise<void>;
}

/**
 * The files of the locks that this process has. Node closes a handle that nobody refers to any more, and the system gives
 * a lock back with its file: a lock lives until it is released, whatever becomes of the object that stands for it.
 */
const held = new Set<FileHandle>();

/**
 * Takes the lock that a file stands for. The system gives it back when the process ends, however it does: a file that a
 * killed process has left locks nobody out.
 *
 * @param refuse gives the error for when another has it, by words such as `process 123`
 * @throws what `refuse` gives; an error of the file system when it cannot be had
 */
export async function takeLock(path: string, refuse: (who: string) => Error): Promise<FileLock> {
  for (;;) {
    const handle = await open(path, 'a');
    try {
      if (!native.lockFile(handle.fd)) throw refuse(await holder(path));
      if (await isStillAt(path, handle)) {
        await handle.truncate();
        await handle.write(String(process.pid));
        held.add(handle);
        return { release: () => release(path, handle) };
      }
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
  }
}

/** Whether the file that was opened has not been removed meanwhile, by the process that had the lock before. */
async function isStillAt(path: string, handle: FileHandle): Promise<boolean> {
  const [own, there] = await Promise.all([handle.stat(), stat(path).catch(() => undefined)]);
  return own.ino === there?.ino && own.dev === there.dev;
}

async function holder(path: string): Promise<string> {
  const pid = await readFile(path, 'utf8').catch(() => '');
  return /^\d{1,10}$/.test(pid) ? `process ${pid}` : 'another process';
}

async function release(path: string, handle: FileHandle): Promise<void> {
  await rm(path, { force: true }); // while it is still locked, so that nobody else's is removed
  held.delete(handle);
  await handle.close();
}
