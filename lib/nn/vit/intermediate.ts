import { checkArray, checkBoolean, checkInteger, expected, Text } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { reshape } from '../../ops/reshape.js';
import { slice } from '../../ops/slice.js';
import { permute } from '../../ops/transpose.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import type { Grid } from '../resample.js';

/** How `intermediateLayers` gives the tokens. */
export interface IntermediateOptions {
  /** Applies the final norm. Default false. */
  norm?: boolean;
  /** Gives patches as (N,D,rows,columns). Default false. */
  reshape?: boolean;
  /** Keeps the tokens in front of the patches; not together with `reshape`. Default false. */
  prefix?: boolean;
}

const OPTIONS: OptionNames<IntermediateOptions> = { norm: true, reshape: true, prefix: true };

/** @internal */
export function checkIntermediate(options: IntermediateOptions): void {
  checkOptions(options, OPTIONS, 'intermediateLayers');
  for (const [name, value] of Object.entries(options)) checkBoolean(value ?? false, `intermediateLayers ${name}`);
  if (options.prefix === true && options.reshape === true) {
    throw expected(
      'prefix or reshape',
      'intermediateLayers',
      new Text('both'),
      'Prefix tokens have no place in a grid.',
    );
  }
}

/** The numbers of the last `n` of `count` blocks, or those listed, negative ones counted from the end. */
export function layerIndices(n: number | readonly number[], count: number): ReadonlySet<number> {
  if (typeof n === 'number') {
    checkInteger(n, 'intermediateLayers n', 1, count);
    return new Set(Array.from({ length: n }, (_, i) => count - n + i));
  }
  const listed = checkArray(n, 'a number of blocks, or an array of their numbers', 'intermediateLayers') as number[];
  if (listed.length === 0) throw expected('at least one block', 'intermediateLayers n', n);
  return new Set(
    listed.map((i) => {
      checkInteger(i, 'intermediateLayers n', -count, count - 1);
      return i < 0 ? count + i : i;
    }),
  );
}

/** Tokens (N,T,D) without the first `prefix`: (N,L,D), or in their places, (N,D,rows,columns). */
export function separate(tokens: Tensor, prefix: number, grid: Grid, options: IntermediateOptions = {}): Tensor {
  if (options.prefix === true && options.reshape !== true) return tokens;
  return scope(() => {
    const patches = prefix === 0 ? tokens : slice(tokens, 1, prefix);
    if (options.reshape !== true) return patches;
    const [n, , d] = patches.shape as [number, number, number]; // three axes
    return permute(reshape(patches, [n, ...grid, d]), [0, 3, 1, 2]);
  });
}
