import { record } from '../autograd.js';
import { checkInteger } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native } from '../native.js';
import { noteSite } from '../stream.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';

/** Options of `embedding`. */
export interface EmbeddingOptions {
  /** An entry whose row gets no gradient; negative counts from the end. Default: none. */
  paddingIdx?: number;
}

const OPTIONS: OptionNames<EmbeddingOptions> = { paddingIdx: true };

/** @internal The entry that gets no gradient, counted from the start; -1 where there is none. */
export function checkPadding(options: EmbeddingOptions, entries: number, where: string): number {
  checkOptions(options, OPTIONS, where);
  if (options.paddingIdx === undefined) return -1;
  const at = checkInteger(options.paddingIdx, `${where} paddingIdx`, -entries, entries - 1);
  return at < 0 ? at + entries : at;
}

/**
 * Rows of a table, by index.
 *
 * @param index any shape, int32
 * @param table (entries, width)
 * @returns (...index shape, width)
 * @throws TypeError for wrong dtypes or ranks. An index that is no entry is found on the stream: the next read rejects
 *   with a StreamError that names this call.
 * @see `torch.nn.functional.embedding`
 */
export function embedding(index: Tensor, table: Tensor, options: EmbeddingOptions = {}): Tensor {
  checkTensor(index, 'embedding index', { dtype: 'int32' });
  checkTensor(table, 'embedding table', { rank: 2, letters: '(entries,width)' });
  const [entries, width] = table.shape as [number, number];
  const padding = checkPadding(options, entries, 'embedding');
  const count = index.size;
  const y = empty([...index.shape, width]);
  native.embeddingForward({ y, table, index, count, entries, width, site: noteSite('embedding') });
  return record('embedding', y, [table], [index], (dy, grads, [at]) => {
    const { grad, accumulate } = grads.target(0);
    native.embeddingBackward({ dtable: grad, dy, index: at, count, entries, width, padding, accumulate });
  });
}
