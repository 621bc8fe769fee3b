import { constant } from '../../ops/constant.js';
import { add, mul } from '../../ops/elementwise.js';
import { matmul } from '../../ops/matmul.js';
import { mean } from '../../ops/reduce.js';
import { autocast } from '../../precision.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';

/**
 * Multiplies attention up through the blocks: of each, the mean over heads, half of it and half the residual path.
 *
 * @param maps (N,H,T,T) of each block, in order
 * @returns (N,T,T), rows summing to 1
 * @see Abnar and Zuidema 2020, section 3
 */
export function rollOut(maps: readonly Tensor[]): Tensor {
  return scope(() => {
    const [first, ...rest] = maps.map(withResidual) as [Tensor, ...Tensor[]]; // a ViT has a block
    // Of a dozen products in bfloat16 rows would not sum to 1.
    return autocast('fp32', () => rest.reduce((below, map) => matmul(map, below), first));
  });
}

/** (N,H,T,T) to (N,T,T): (mean over heads + identity) / 2. */
function withResidual(map: Tensor): Tensor {
  const tokens = map.shape[3]; // (N,H,T,T)
  const identity = new Float32Array(tokens * tokens);
  for (let t = 0; t < tokens; t++) identity[t * tokens + t] = 0.5;
  return add(mul(mean(map, { dim: 1 }), 0.5), constant(identity, [tokens, tokens]));
}
