import { expected, printable, quoted, Text } from '../../check.js';

// Names from files come into most of these messages.
export { listed, quoted } from '../../check.js';

/** The error of a file that is not as it should be; `received` says in words what was found. */
export function fileError(what: string, where: string, received: string, advice = ''): Error {
  return expected(what, where, new Text(received), advice);
}

/**
 * The same where another error, from the system or a library, tells what was found: in its first line, as libvips tells more.
 * An error that says itself what was expected stays a sentence of its own, and is told of which file where it does not say.
 */
export function fileErrorFrom(cause: unknown, what: string, where: string, advice = ''): Error {
  const [found] = (cause instanceof Error ? cause.message : String(cause)).trim().split('\n', 1);
  const isSentence = cause instanceof TypeError && found.startsWith('Expected ');
  const said = `${found.includes(where) ? '' : `${where}: `}${found}${advice === '' ? '' : ` ${advice}`}`;
  const error = isSentence ? new TypeError(printable(said)) : fileError(what, where, found, advice);
  error.cause = cause;
  return error;
}

/** A tensor of a file as messages name it. */
export function tensorOf(name: string, path: string): string {
  return `tensor ${quoted(name)} of ${path}`;
}
