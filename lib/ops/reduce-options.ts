import { checkDim, expected } from '../check.js';
import type { OptionNames } from '../check-options.js';

/** Which axes a reduction takes. */
export interface ReduceOptions {
  /** One axis or several, counted from the end when negative. Default: all. */
  dim?: number | readonly number[];
  /** Whether the reduced axes stay, with size 1. Default false. */
  keepDim?: boolean;
}

/** @internal */
export const REDUCE_OPTIONS: OptionNames<ReduceOptions> = { dim: true, keepDim: true };

/** @internal The axes to reduce. None, which PyTorch takes for all, and one named twice are refused: a slip as a rule. */
export function checkDims(dim: ReduceOptions['dim'], rank: number, where: string): Set<number> {
  if (dim === undefined) return new Set(Array.from({ length: rank }, (_, axis) => axis));
  const dims = [dim].flat();
  const axes = new Set(dims.map((one) => checkDim(one, rank, where)));
  if (dims.length === 0) throw expected('at least one axis', where, dims, 'Leave dim out to reduce all.');
  if (axes.size !== dims.length) throw expected('each axis once', where, dims);
  return axes;
}
