import { checkNumber, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';

/** Options of `clamp`: one of them, or both. */
export interface ClampOptions {
  /** What smaller elements become. */
  min?: number;
  /** What larger elements become. Where it is less than `min`, all elements become `max`. */
  max?: number;
}

const CLAMP_OPTIONS: OptionNames<ClampOptions> = { min: true, max: true };

/** @internal The bounds, infinite where there is none. */
export function checkClamp(options: ClampOptions, where: string): [low: number, high: number] {
  checkOptions(options, CLAMP_OPTIONS, where);
  const { min, max } = options ?? {};
  if (min === undefined && max === undefined) throw expected('min, max or both', where, options);
  return [
    min === undefined ? -Infinity : checkNumber(min, `${where} min`),
    max === undefined ? Infinity : checkNumber(max, `${where} max`),
  ];
}
