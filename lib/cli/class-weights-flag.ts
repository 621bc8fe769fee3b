import { readFileSync, statSync } from 'node:fs';
import { checkNumber, expected, listed, quoted, Text } from '../check.js';
import { fileError, fileErrorFrom } from '../io/formats/file-error.js';
import { isObject } from '../io/formats/json-fields.js';
import { parseStrictJson } from '../io/formats/strict-json.js';
import { nearestName } from '../nearest-name.js';
import type { FlagParser } from './flags.js';
import { UsageError } from './usage-error.js';

/** How much each class counts: as often as it is rare, or by its name. */
export type ClassWeightsFlag = 'balanced' | Readonly<Record<string, number>>;

const FLAG = '--class-weights';
const MOST_BYTES = 10_000_000;

/** `balanced`, weights by name as `cat=2,dog=0.5` or `{ "cat": 2, "dog": 0.5 }`, or a JSON file of the latter. */
export const classWeightsFlag: FlagParser<ClassWeightsFlag> = (text) => {
  if (text === 'balanced') return text;
  if (text.trimStart().startsWith('{')) return byName(text, FLAG);
  if (!text.includes('=')) return fromFile(text);
  const weights: [string, number][] = [];
  for (const part of text.split(',')) {
    const at = part.lastIndexOf('=');
    const [name, value] = [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    if (at < 1 || value === '' || Number.isNaN(Number(value)) || Number(value) < 0) {
      throw new UsageError(expected('balanced, <name>=<weight>,... or a JSON file', FLAG, part));
    }
    weights.push([name, Number(value)]);
  }
  return Object.fromEntries(weights);
};

function fromFile(path: string): ClassWeightsFlag {
  const what = 'balanced, <name>=<weight>,... or a JSON file of weights by name';
  let text: string;
  try {
    const { size } = statSync(path);
    if (size > MOST_BYTES) throw fileError(`at most ${MOST_BYTES} bytes`, path, `${size} bytes`);
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError(fileErrorFrom(cause, what, `${FLAG} ${path}`));
  }
  return byName(text, path);
}

function byName(text: string, where: string): Readonly<Record<string, number>> {
  try {
    const found = parseStrictJson(text, where);
    if (!isObject(found)) throw fileError('an object of weights by name', where, 'something else');
    const entries = Object.entries(found);
    return Object.fromEntries(
      entries.map(([name, value]) => [name, checkNumber(value, `${quoted(name)} in ${where}`, 0)]),
    );
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error) : error;
  }
}

/**
 * The weights as a loss takes them: of each class, 1 for those not named.
 *
 * @throws UsageError for a name that is none of the classes'
 */
export function classWeightsFor(weights: ClassWeightsFlag, classNames: readonly string[]): 'balanced' | number[] {
  if (weights === 'balanced') return weights;
  for (const name of Object.keys(weights)) {
    if (classNames.includes(name)) continue;
    const near = nearestName(name, classNames);
    const advice = near === undefined ? '' : `Did you mean ${near}?`;
    const classes = listed(classNames.map(quoted), { most: 8 });
    throw new UsageError(expected(`classes among ${classes}`, FLAG, new Text(quoted(name)), advice));
  }
  const own = (name: string): number => (Object.hasOwn(weights, name) ? (weights[name] ?? 1) : 1);
  const all = classNames.map(own);
  if (all.some((weight) => weight > 0)) return all;
  throw new UsageError(expected('a weight above 0', FLAG, new Text('none')));
}
