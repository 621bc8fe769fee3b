import { constant } from '../../ops/constant.js';
import { zeros } from '../../ops/creation.js';
import { embedding } from '../../ops/embedding.js';
import { reshape } from '../../ops/reshape.js';
import { permute } from '../../ops/transpose.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import type { Grid } from '../resample.js';

/**
 * What each head adds to the score of two patches by how far apart they lie along rows and columns: a learned number for
 * each distance, and three more for the class token as query, as key, and with itself.
 * @see Bao et al. 2021 (BEiT)
 * @see timm's `RelativePositionBias`, whose one parameter goes by its module's name here
 */
export class RelativePositionBias extends Module {
  /** ((2*rows-1) * (2*columns-1) + 3, H) */
  readonly relativePositionBiasTable: Tensor;
  readonly #index: Tensor; // (T*T), entries of the table
  readonly #tokens: number;

  /** @param grid of the patches, behind one class token */
  constructor(grid: Grid, numHeads: number) {
    super();
    const distances = (2 * grid[0] - 1) * (2 * grid[1] - 1) + 3;
    this.#tokens = grid[0] * grid[1] + 1;
    this.relativePositionBiasTable = this.parameter('', () => zeros([distances, numHeads]));
    this.#index = this.constant(() => constant(relativeIndex(grid), [this.#tokens ** 2]));
  }

  /** @returns (H,T,T), added to the scores */
  forward(): Tensor {
    return scope(() => {
      const [, heads] = this.relativePositionBiasTable.shape as [number, number];
      const scores = embedding(this.#index, this.relativePositionBiasTable); // (T*T,H)
      return permute(reshape(scores, [this.#tokens, this.#tokens, heads]), [2, 0, 1]);
    });
  }
}

/** @internal The table's entry for each (query, key). @see timm's `gen_relative_position_index` */
export function relativeIndex([rows, columns]: Grid): Int32Array {
  const tokens = rows * columns + 1;
  const distances = (2 * rows - 1) * (2 * columns - 1);
  const index = new Int32Array(tokens * tokens);
  for (let q = 1; q < tokens; q++) {
    for (let k = 1; k < tokens; k++) {
      const down = Math.floor((q - 1) / columns) - Math.floor((k - 1) / columns) + rows - 1;
      const across = ((q - 1) % columns) - ((k - 1) % columns) + columns - 1;
      index[q * tokens + k] = down * (2 * columns - 1) + across;
    }
    index[q] = distances; // from the class token
    index[q * tokens] = distances + 1; // to it
  }
  index[0] = distances + 2;
  return index;
}
