import { expected, Text } from '../check.js';
import { type FileLock, takeLock } from '../io/formats/file-lock.js';

/** The right to write a run; one process at a time has it. */
export type RunLock = FileLock;

/**
 * Takes the lock of a run.
 *
 * @param folder whose lock it is, for the message
 * @throws TypeError when another process has it; an error of the file system when it cannot be had
 */
export function lockRun(path: string, folder: string): Promise<RunLock> {
  return takeLock(path, (who) => {
    const advice = 'Wait for its end, or choose another folder with --out.';
    return expected('a run that nobody else is training', '--out', new Text(`${folder}, which ${who} trains`), advice);
  });
}
