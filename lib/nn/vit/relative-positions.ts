import { mul } from '../../ops/elementwise.js';
import { matmul } from '../../ops/matmul.js';
import { relativeShift } from '../../ops/relative-shift.js';
import { scope } from '../../scope.js';
import { empty, type Tensor } from '../../tensor.js';
import * as init from '../init.js';
import { Module } from '../module.js';
import { resampleRows } from '../resample.js';

/**
 * Scores by how far apart two tokens lie in reading order: a learned key for each offset, met by the query and added to
 * the scores of attention. Heads share the keys. For another number of tokens the keys are resampled.
 * @see Dosovitskiy et al. 2021, appendix D.4; Shaw et al. 2018, equation 5
 */
export class RelativePositions extends Module {
  /** (2T-1,D): of the offsets j - i from -(T-1) to T-1. */
  readonly table: Tensor; // (2T-1,D), offsets j - i from -(T-1) to T-1

  /** @param tokens T, prefix tokens included @param headDim D */
  constructor(tokens: number, headDim: number) {
    super();
    this.table = this.parameter('', () => init.normal(empty([2 * tokens - 1, headDim]), 0, 0.02));
  }

  /** @param q queries (B,H,T,D) @returns what is added to their scores, (B,H,T,T) */
  forward(q: Tensor): Tensor {
    return scope(() => {
      const [tokens, width] = q.shape.slice(2) as [number, number]; // (B,H,T,D)
      const keys = resampleRows(this.table, 2 * tokens - 1);
      return mul(relativeShift(matmul(q, keys, { transposeB: true, dtype: 'float32' })), 1 / Math.sqrt(width));
    });
  }
}
