import { checkBoolean, describe, expected, listed, printable, shapeText } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { nearestName } from '../nearest-name.js';
import { copyInto } from '../ops/copy.js';
import { Tensor } from '../tensor.js';

// Of names that do not fit: enough to see what is wrong, of files that may hold tens of thousands.
const mostListed = 6;

/** Options of `loadStateDict`. */
export interface LoadStateOptions {
  /** Whether a name that only one side has is an error. Default true. */
  strict?: boolean;
}

const OPTIONS: OptionNames<LoadStateOptions> = { strict: true };

/** What `loadStateDict` found. */
export interface LoadReport {
  /** Names that the module has and the state dict has not. */
  missing: string[];
  /** Names that the state dict has and the module has not. */
  unexpected: string[];
}

/**
 * @internal Copies a state into tensors of the same names, all or, on error, none.
 *
 * @param className whose state it is, for messages
 */
export function loadState(
  own: ReadonlyMap<string, Tensor>,
  state: ReadonlyMap<string, Tensor>,
  options: LoadStateOptions,
  className: string,
): LoadReport {
  checkOptions(options, OPTIONS, 'loadStateDict');
  const strict = checkBoolean(options.strict ?? true, 'loadStateDict strict');
  if (!(state instanceof Map)) throw expected('a Map of name to Tensor', 'loadStateDict', state);
  const missing = [...own.keys()].filter((name) => !state.has(name));
  const unexpected = [...state.keys()].filter((name) => !own.has(name));
  const problems: string[] = [];
  for (const [name, value] of state) {
    const target = own.get(name);
    const problem = target === undefined ? undefined : misfit(value, target);
    if (problem !== undefined) problems.push(`${name} ${problem}`);
  }
  if (strict) {
    for (const name of missing) problems.push(`${name} is missing`);
    problems.push(
      ...unexpected.map((name, i) => strange(name, i < mostListed, missing.length > 0 ? missing : [...own.keys()])),
    );
  }
  if (problems.length > 0) {
    const told = listed(problems, { most: mostListed, separator: '; ' });
    const text = `Expected a state dict that fits ${className} but ${problems.length} entries do not: ${told}. Check the model's options against the checkpoint's.`;
    throw new TypeError(printable(text));
  }
  for (const [name, value] of state) {
    const target = own.get(name);
    if (target !== undefined) copyInto(target, value);
  }
  return { missing, unexpected };
}

function misfit(value: unknown, target: Tensor): string | undefined {
  if (!(value instanceof Tensor)) return `is ${describe(value)} instead of a Tensor`;
  if (value.disposed) return 'was disposed';
  const [shape, wanted] = [shapeText(value.shape), shapeText(target.shape)];
  if (shape !== wanted) return `has shape ${shape} instead of ${wanted}`;
  return value.dtype === target.dtype ? undefined : `is ${value.dtype} instead of ${target.dtype}`;
}

/** Those that are listed are looked for among names: files may hold any number of them, as long as they like. */
function strange(name: string, listedOne: boolean, names: readonly string[]): string {
  const near = listedOne && name.length <= 200 ? nearestName(name, names) : undefined;
  return `${name.slice(0, 200)} is not a parameter here${near === undefined ? '' : ` (nearest: ${near})`}`;
}
