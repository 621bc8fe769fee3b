import { cat } from '../../ops/cat.js';
import { add, mul } from '../../ops/elementwise.js';
import { maxPool2d } from '../../ops/max-pool2d.js';
import { mean } from '../../ops/reduce.js';
import { reshape } from '../../ops/reshape.js';
import { slice } from '../../ops/slice.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';

/** The poolings that need no parameters. */
export type Pooling = 'token' | 'avg' | 'avgmax' | 'max' | 'tokenavg' | '';

/** Token `i` of (N,T,D): (N,D). */
export function tokenAt(tokens: Tensor, i: number): Tensor {
  const [n, , d] = tokens.shape as [number, number, number]; // three axes
  return reshape(slice(tokens, 1, i, i + 1), [n, d]);
}

/** The largest value of each channel over the tokens (N,T,D): (N,D). */
function maxOverTokens(tokens: Tensor): Tensor {
  const [n, t, d] = tokens.shape as [number, number, number]; // three axes
  return reshape(maxPool2d(reshape(tokens, [n, 1, t, d]), { kernelSize: [t, 1] }), [n, d]);
}

/**
 * Tokens to one vector: the first token, or the mean or maximum of the patches, or half the sum of both, or the
 * first token and the mean of the patches side by side (N,2*D); with '' they
 * stay as they are.
 *
 * @param tokens (N,T,D) @param prefix tokens in front of the patches @returns (N,D), with 'tokenavg' (N,2*D), with '' (N,T,D)
 * @see timm's `global_pool_nlc`
 */
export function pool(tokens: Tensor, pooling: Pooling, prefix: number): Tensor {
  if (pooling === '') return tokens;
  if (pooling === 'token') return tokenAt(tokens, 0);
  return scope(() => {
    const patches = prefix === 0 ? tokens : slice(tokens, 1, prefix);
    if (pooling === 'avg') return mean(patches, { dim: 1 });
    if (pooling === 'tokenavg') return cat([tokenAt(tokens, 0), mean(patches, { dim: 1 })], 1);
    if (pooling === 'max') return maxOverTokens(patches);
    return mul(add(maxOverTokens(patches), mean(patches, { dim: 1 })), 0.5);
  });
}
