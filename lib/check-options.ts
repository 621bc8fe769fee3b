import { describe, expected, Text } from './check.js';
import { nearestName } from './nearest-name.js';

/** Every name that an object of options may have; the type checker sees to it that none is left out. */
export type OptionNames<T> = { readonly [Name in keyof Required<T>]: true };

/**
 * Throws unless `options` is an object of options, each of them known. To be called first by every function that takes
 * options: one that is passed over without a word gives another result than the caller asked for.
 *
 * @param names as in `const NAMES: OptionNames<SGDOptions> = { lr: true, momentum: true }`
 * @param where the function, as the user knows it: `F.softmax`
 * @throws TypeError that names the first unknown option and the nearest one there is, or an option that is null
 */
export function checkOptions<T extends object>(options: T | undefined, names: OptionNames<T>, where: string): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw expected('an object of options', where, options);
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(names, name)) throw unknownOption(name, Object.keys(names), where);
    if (value === null) throw expected('a value, or undefined for the default,', `${where} ${name}`, value);
  }
}

/** Of an object the properties with the given names: what another function takes. */
export function only<T extends object>(options: T, names: OptionNames<T>): T {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(names, name))) as T; // as named
}

/** Of options those that are given: an undefined one stands for its default. */
export function onlyGiven<T extends object>(options: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>; // the others are gone
  };
}

function unknownOption(unknown: string, known: readonly string[], where: string): TypeError {
  const near = nearestName(comparable(unknown), known.map(comparable));
  const nearest = known.find((name) => comparable(name) === near);
  const advice = nearest === undefined ? '' : `Did you mean ${nearest}?`;
  const list = known.length === 0 ? 'no options' : `an option among ${known.join(', ')}`;
  return expected(list, where, new Text(describe(unknown)), advice);
}

/** PyTorch's names are ours but for the underscores: `label_smoothing` is near `labelSmoothing`. */
function comparable(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}
