import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JsonFields } from '../io/formats/json-fields.js';
import { parseStrictJson } from '../io/formats/strict-json.js';

/** The file of a folder that says which checkpoints are there; written last. */
export const INDEX_FILE = 'checkpoints.json';

export const NAME = /^step-(\d+)(?:-(\d+))?$/;

/** Which checkpoints a folder holds, by the names of their folders. */
export interface CheckpointIndex {
  readonly last: string;
  readonly best: { readonly name: string; readonly value: number } | undefined;
  /** Oldest first. */
  readonly newest: readonly string[];
}

/**
 * Reads a folder's index. Where it is missing, though checkpoints are there (each of which is whole), it is made from them.
 *
 * @returns undefined where there is no checkpoint
 * @throws TypeError, one sentence, for an index that is damaged
 */
export async function readIndex(folder: string): Promise<CheckpointIndex | undefined> {
  const path = join(folder, INDEX_FILE);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return fromNames(await readdir(folder).catch(() => []));
  const json = new JsonFields(parseStrictJson(text, path), path);
  const best = json.object('best');
  const newest = json.raw('newest');
  return {
    last: checkName(json.string('last'), path),
    best: best && { name: checkName(best.string('name'), path), value: best.number('value', -Infinity) ?? Number.NaN },
    newest: Array.isArray(newest) ? newest.map((name) => checkName(name, path)) : [],
  };
}

/** An index as text. */
export function indexText({ last, best, newest }: CheckpointIndex): string {
  return `${JSON.stringify({ format: 1, last, ...(best && { best }), newest }, null, 2)}\n`;
}

function fromNames(names: readonly string[]): CheckpointIndex | undefined {
  const steps = names.filter((name) => NAME.test(name)).sort((a, b) => numbersOf(a) - numbersOf(b));
  const last = steps.at(-1);
  return last === undefined ? undefined : { last, best: undefined, newest: steps };
}

/** Steps of one number follow one another in the order in which they were written. */
function numbersOf(name: string): number {
  const [, step, again = 0] = NAME.exec(name) ?? [];
  return Number(step) + Number(again) / 1e6;
}

function checkName(name: unknown, path: string): string {
  if (typeof name === 'string' && NAME.test(name)) return name;
  throw new TypeError(
    `Expected the names of checkpoints in ${path} but received others. The file is damaged; remove it, and the newest checkpoint counts.`,
  );
}
