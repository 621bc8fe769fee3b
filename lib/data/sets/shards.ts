import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expected, Text } from '../../check.js';
import { fileErrorFrom } from '../../io/formats/file-error.js';

/**
 * The files of a data set in parts, in code-unit order: one, several, those of a folder that end in `ending`, or
 * `shard-{000..012}.tar`.
 *
 * @throws TypeError for none
 */
export async function shardsOf(files: unknown, ending: string, where: string): Promise<string[]> {
  const given: unknown[] = Array.isArray(files) ? files : [files];
  const isPath = (file: unknown): boolean => typeof file === 'string' && file !== '';
  if (given.length === 0 || !given.every(isPath)) {
    throw expected('paths of files or folders', where, given.find((file) => !isPath(file)) ?? files);
  }
  const paths = (given as string[]).flatMap(inBraces); // as checked
  const found = await Promise.all(paths.map((path) => filesOf(path, ending)));
  return found.flat();
}

async function filesOf(path: string, ending: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const entries = await readdir(path, { recursive: true });
    const names = entries.filter((name) => name.endsWith(ending)).sort((a, b) => (a < b ? -1 : 1)); // they differ
    if (names.length === 0) throw expected(`files that end in ${ending}`, path, new Text('none'));
    return names.map((name) => join(path, name));
  } catch (cause) {
    if (cause instanceof TypeError) throw cause;
    throw fileErrorFrom(cause, 'a readable file or folder', path, 'Check the path and its permissions.');
  }
}

// A million shards are a mistake.
const MOST_SHARDS = 100_000;

/** `a{08..10}b` as `a08b`, `a09b`, `a10b`, as WebDataset and shells write it; other braces stay. */
function inBraces(path: string): string[] {
  const [range = '', from = '', to = ''] = /\{(\d+)\.\.(\d+)\}/.exec(path) ?? [];
  const count = Number(to) - Number(from) + 1;
  if (range === '') return [path];
  if (!(count >= 1 && count <= MOST_SHARDS)) throw expected('a range from the smaller number', path, new Text(range));
  return Array.from({ length: count }, (_, i) => {
    return path.replace(range, String(Number(from) + i).padStart(from.length, '0'));
  }).flatMap(inBraces);
}
