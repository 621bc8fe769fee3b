import { expected, Text } from '../check.js';

/** The error of a file that is not as it should be; `received` says in words what was found. */
export function fileError(what: string, where: string, received: string, advice = ''): Error {
  return expected(what, where, new Text(received), advice);
}

/** The same where another error, from the system or a library, tells what was found. */
export function fileErrorFrom(cause: unknown, what: string, where: string, advice = ''): Error {
  const error = fileError(what, where, cause instanceof Error ? cause.message : String(cause), advice);
  error.cause = cause;
  return error;
}

/** A name from a file as messages show it: in quotes, escaped, and not of any length. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}...` : name);
}

/** The first names of a file's, and how many more there are: a message does not grow with the file. */
export function listed(names: readonly string[], most = 3): string {
  const more = names.length > most ? ` and ${names.length - most} more` : '';
  return names.slice(0, most).map(quoted).join(', ') + more;
}

/** A tensor of a file as messages name it. */
export function tensorOf(name: string, path: string): string {
  return `tensor ${quoted(name)} of ${path}`;
}
