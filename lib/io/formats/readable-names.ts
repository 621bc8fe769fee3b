import { warnOnce } from '../../warning.js';
import { listed, quoted } from './file-error.js';
import { isRecordDtype } from './tensor-record.js';
import type { Weights } from './weights.js';

/**
 * The tensors to read where all of a file are asked for: those of dtypes that there is no place for are left out, and
 * one warning names them. A file of nothing else is given whole, so that reading it says what is wrong.
 */
export function readableNames(weights: Weights): string[] {
  const names = weights.names();
  const readable = names.filter((name) => isRecordDtype(weights.info(name).dtype));
  if (readable.length === names.length || readable.length === 0) return names;
  const odd = names.filter((name) => !isRecordDtype(weights.info(name).dtype));
  const dtypes = listed([...new Set(odd.map((name) => quoted(weights.info(name).dtype)))]);
  warnOnce(`Of ${weights.path}, ${listed(odd.map(quoted))} passed over: there are no tensors of ${dtypes} here.`);
  return readable;
}
