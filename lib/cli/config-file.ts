import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Command, Option } from 'commander';
import { expected, listed, quoted, Text } from '../check.js';
import { fileError, fileErrorFrom } from '../io/formats/file-error.js';
import { isObject } from '../io/formats/json-fields.js';
import { regularFileSize } from '../io/formats/regular-file.js';
import { parseStrictJson } from '../io/formats/strict-json.js';
import { nearestName } from '../nearest-name.js';
import { UsageError } from './usage-error.js';

const MOST_BYTES = 1_000_000;

// Flags that a file may give an object to, name by name.
const MAPS: readonly string[] = ['classWeights'];

/**
 * Takes flags from a file, JSON or YAML: an object of their names, with dashes as on the command line or in camelCase;
 * `class-weights` may be an object, too.
 * What the command line says goes first. Values are checked as the command line's are.
 *
 * @param others flags of another command that a file may have too, and that do not count here
 * @throws UsageError for a name that is no flag, and for a value that the flag cannot have
 */
export async function readFlags(command: Command, path: string, others: readonly Option[] = []): Promise<void> {
  const settings = await readSettings(path);
  const isOther = (name: string): boolean =>
    others.some((option) => option.attributeName() === name || option.name() === name) && !isOwn(command, name);
  for (const [name, value] of Object.entries(settings)) {
    if (isOther(name)) continue;
    const option = optionOf(command, name, path);
    if (command.getOptionValueSource(option.attributeName()) === 'cli') continue;
    command.setOptionValueWithSource(option.attributeName(), settingOf(option, name, value, path), 'config');
  }
}

function isOwn(command: Command, name: string): boolean {
  return command.options.some((option) => option.attributeName() === name || option.name() === name);
}

async function readSettings(path: string): Promise<Readonly<Record<string, unknown>>> {
  let text: string;
  try {
    const bytes = await regularFileSize(path);
    if (bytes > MOST_BYTES) throw fileError(`at most ${MOST_BYTES} bytes`, path, `${bytes} bytes`);
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw fileErrorFrom(cause, 'a file of settings', path, 'Check the path of --config.');
  }
  const settings = ['.yaml', '.yml'].includes(extname(path))
    ? await parseYaml(text, path)
    : parseStrictJson(text, path);
  if (!isObject(settings)) throw fileError('an object of flags', path, 'something else');
  return settings;
}

async function parseYaml(text: string, path: string): Promise<unknown> {
  const { parse } = await import('yaml');
  try {
    return parse(text);
  } catch (cause) {
    throw fileErrorFrom(cause, 'YAML', path);
  }
}

function optionOf(command: Command, name: string, path: string): Option {
  const options = command.options.filter(({ long }) => long !== undefined && long !== '--config');
  const found = options.find((option) => option.attributeName() === name || option.name() === name);
  if (found !== undefined) return found;
  const near = nearestName(
    name,
    options.map((option) => option.name()),
  );
  const advice = near === undefined ? '' : `Did you mean ${near}?`;
  throw new UsageError(expected('the name of a flag', path, name, advice));
}

function settingOf(option: Option, name: string, value: unknown, path: string): unknown {
  const where = `${option.name()} in ${path}`;
  if (option.isBoolean() || option.negate || (option.optional && typeof value === 'boolean')) {
    // `no-capture: true` is `capture: false`.
    if (typeof value === 'boolean') return option.negate && name !== option.attributeName() ? !value : value;
    throw new UsageError(expected('true or false', where, value));
  }
  if (MAPS.includes(option.attributeName()) && isObject(value))
    return option.parseArg?.(JSON.stringify(value), undefined);
  if (typeof value !== 'string' && typeof value !== 'number') {
    const received = Array.isArray(value)
      ? new Text(`a list of ${listed(value.map((item) => quoted(String(item))))}`)
      : value;
    throw new UsageError(expected('a value', where, received));
  }
  return option.parseArg === undefined ? value : option.parseArg(String(value), undefined);
}
