import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expected, Text } from '../check.js';
import { fileErrorFrom } from '../io/formats/file-error.js';
import { UsageError } from './usage-error.js';

/**
 * Makes sure, before anything is computed, that a file can be written where a flag says.
 *
 * @throws UsageError for a folder, TypeError for a folder that is not there or may not be written to
 */
export async function checkOutputFile(path: string, flag: string): Promise<void> {
  if ((await stat(path).catch(() => undefined))?.isDirectory()) {
    throw new UsageError(expected('a path for a file', flag, new Text(`the folder ${path}`)));
  }
  try {
    await access(dirname(path), constants.W_OK);
  } catch (cause) {
    throw fileErrorFrom(cause, 'a folder to write to', flag);
  }
}
