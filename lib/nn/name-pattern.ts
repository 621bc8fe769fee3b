import { expected } from '../check.js';

/**
 * Whether a name matches a RegExp, or as a whole a glob in which `*` stands for any characters and `?` for one.
 *
 * @throws TypeError for anything else
 */
export function matcher(pattern: string | RegExp): (name: string) => boolean {
  if (pattern instanceof RegExp) return (name) => name.search(pattern) !== -1; // search ignores a /g's state
  if (typeof pattern !== 'string') throw expected('a glob or a RegExp', 'a pattern of names', pattern);
  const literal = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  const whole = new RegExp(`^${literal.replaceAll('*', '.*').replaceAll('?', '.')}$`);
  return (name) => whole.test(name);
}
