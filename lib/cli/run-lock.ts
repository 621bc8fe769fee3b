import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises';
import { expected, Text } from '../check.js';
import { native } from '../native.js';

/** The right to write a run; one process at a time has it. */
export interface RunLock {
  release(): Promise<void>;
}

/**
 * Takes the lock that a file stands for. The system gives it back when the process ends, however it does: a file that a
 * killed process has left locks nobody out.
 *
 * @param folder whose lock it is, for the message
 * @throws TypeError when another process has it; an error of the file system when it cannot be had
 */
export async function lockRun(path: string, folder: string): Promise<RunLock> {
  for (;;) {
    const handle = await open(path, 'a');
    try {
      if (!native.lockFile(handle.fd)) throw await held(path, folder);
      if (await isStillAt(path, handle)) {
        await handle.truncate();
        await handle.write(String(process.pid));
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

async function held(path: string, folder: string): Promise<Error> {
  const pid = await readFile(path, 'utf8').catch(() => '');
  const who = /^\d{1,10}$/.test(pid) ? `process ${pid}` : 'another process';
  const advice = 'Wait for its end, or choose another folder with --out.';
  return expected('a run that nobody else is training', '--out', new Text(`${folder}, which ${who} trains`), advice);
}

async function release(path: string, handle: FileHandle): Promise<void> {
  await rm(path, { force: true }); // while it is still locked, so that nobody else's is removed
  await handle.close();
}
