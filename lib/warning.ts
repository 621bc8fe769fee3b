import { printable } from './check.js';

const told = new Set<string>();

/** Tells the user of something that is no error, on standard error as Node.js tells its own warnings; each text once. */
export function warnOnce(text: string): void {
  if (told.has(text)) return;
  told.add(text);
  process.emitWarning(printable(text), { type: 'VitrineWarning' });
}
