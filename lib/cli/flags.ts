import { checkInteger, checkNumber, checkOneOf, expected } from '../check.js';
import { UsageError } from './usage-error.js';

/** Parses the value of a flag; throws a UsageError with the one sentence that is shown. */
export type FlagParser<T> = (text: string) => T;

/** A whole number in [least, most]. */
export function wholeNumber(flag: string, least: number, most?: number): FlagParser<number> {
  return parser((text) => checkInteger(numberOrText(text), flag, least, most));
}

/** Whole numbers from `least` on, separated by commas. */
export function wholeNumbers(flag: string, least: number): FlagParser<readonly number[]> {
  return parser((text) => text.split(',').map((part) => checkInteger(numberOrText(part), flag, least)));
}

/** A number in [least, most]. */
export function number(flag: string, least: number, most?: number): FlagParser<number> {
  return parser((text) => checkNumber(numberOrText(text), flag, least, most));
}

/** One of some words. */
export function oneOf<T extends string>(flag: string, options: readonly T[]): FlagParser<T> {
  return parser((text) => checkOneOf(text, flag, options));
}

/** A path or name; an empty one is most often an unset shell variable. */
export function nonEmpty(flag: string, what: string): FlagParser<string> {
  return parser((text) => {
    if (text === '') throw expected(what, flag, text);
    return text;
  });
}

function parser<T>(parse: (text: string) => T): FlagParser<T> {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw error instanceof TypeError ? new UsageError(error) : error;
    }
  };
}

function numberOrText(text: string): number | string {
  const value = Number(text);
  return text.trim() === '' || Number.isNaN(value) ? text : value;
}
