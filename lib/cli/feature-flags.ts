import { checkInteger, expected } from '../check.js';
import type { FeaturePool } from '../nn/features.js';
import type { FlagParser } from './flags.js';
import { UsageError } from './usage-error.js';

/** What `--pool` takes: vectors only. */
export const POOLS = ['head', 'cls', 'mean', 'max', 'cls+mean'] as const satisfies readonly FeaturePool[];

export const POOL_HELP = 'head (what the classifier reads), cls, mean, max, cls+mean';
export const LAYERS_HELP = 'the last n blocks, one behind the other; or numbers: 5,11';

/** `4`: the last four blocks; `5,11` or `-1,`: those of the numbers. */
export const layersFlag: FlagParser<number | readonly number[]> = (text) => {
  const parts = text.split(',').filter((part) => part.trim() !== '');
  const numbers = parts.map(Number);
  try {
    if (parts.length === 0 || numbers.some(Number.isNaN)) throw expected('whole numbers', '--layers', text);
    if (parts.length === 1 && !text.includes(',')) return checkInteger(numbers[0], '--layers', 1);
    return numbers.map((number) => checkInteger(number, '--layers', Number.MIN_SAFE_INTEGER));
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error) : error;
  }
};

/** The path of features. */
export function npyPath(flag: string): FlagParser<string> {
  return (text) => {
    if (/.\.npy$/i.test(text)) return text;
    throw new UsageError(expected('a path that ends in .npy', flag, text));
  };
}
