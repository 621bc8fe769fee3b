import { checkBoolean, expected, Text } from '../../check.js';
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
