import { cat } from '../../ops/cat.js';
import { constant } from '../../ops/constant.js';
import { pad } from '../../ops/pad.js';
import { reshape } from '../../ops/reshape.js';
import { slice } from '../../ops/slice.js';
import { tile } from '../../ops/tile.js';
import { scope } from '../../scope.js';
import { empty, type Tensor } from '../../tensor.js';
import * as init from '../init.js';
import { Module } from '../module.js';
import { type Grid, resampleGrid, resampleRows } from '../resample.js';

/** The size of a model's positions. */
export interface PositionSizes {
  dim: number;
  /** The grid that positions are learned for. */
  grid: Grid;
  /** Tokens in front of the patches. */
  prefix: number;
}

const STD = 0.02; // of learned positions at first, as in timm

/** Where tokens lie, as a vector for each to be added to it. */
export abstract class PositionEmbedding extends Module {
  constructor(readonly sizes: PositionSizes) {
    super();
  }

  /** @param grid of the image at hand @returns (1,T,D) for prefix tokens and patches */
  forward(grid: Grid): Tensor {
    return scope(() => {
      const patches = this.patches(grid); // (L,D)
      const prefix = this.sizes.prefix;
      const rows = prefix === 0 ? patches : this.withPrefix(patches, prefix);
      return reshape(rows, [1, ...rows.shape]);
    });
  }

  /** The patches' positions (L,D). */
  abstract patches(grid: Grid): Tensor;

  /** Puts the prefix tokens' positions in front; zeros unless they have any. */
  protected withPrefix(patches: Tensor, prefix: number): Tensor {
    return pad(patches, [prefix, 0, 0, 0]);
  }
}

/**
 * A learned vector for each token in reading order; resampled for another grid.
 * @see Dosovitskiy et al. 2021, section 3.1
 * @see timm's `pos_embed`
 */
export class LearnedPositions1d extends PositionEmbedding {
  readonly table: Tensor; // (1,T,D), or (1,L,D)
  readonly #embedsPrefix: boolean;

  /** @param embedsPrefix whether prefix tokens have positions too */
  constructor(sizes: PositionSizes, embedsPrefix: boolean) {
    super(sizes);
    const { grid, prefix, dim } = sizes;
    const count = grid[0] * grid[1] + (embedsPrefix ? prefix : 0);
    this.#embedsPrefix = embedsPrefix;
    this.table = this.parameter('', () => init.normal(empty([1, count, dim]), 0, STD));
  }

  override forward(grid: Grid): Tensor {
    const own = this.sizes.grid;
    const whole = this.#embedsPrefix || this.sizes.prefix === 0;
    return whole && grid[0] === own[0] && grid[1] === own[1] ? this.table : super.forward(grid);
  }

  patches(grid: Grid): Tensor {
    const { grid: own, prefix, dim } = this.sizes;
    const rows = reshape(this.table, [-1, dim]);
    return resampleGrid(this.#embedsPrefix ? slice(rows, 0, prefix) : rows, own, grid);
  }

  protected override withPrefix(patches: Tensor, prefix: number): Tensor {
    if (!this.#embedsPrefix) return super.withPrefix(patches, prefix);
    return cat([slice(reshape(this.table, [-1, this.sizes.dim]), 0, 0, prefix), patches]);
  }
}

/**
 * Two learned vectors of half the width for each patch, by its column and by its row; resampled for another grid.
 * @see Dosovitskiy et al. 2021, appendix D.4
 */
export class LearnedPositions2d extends PositionEmbedding {
  readonly x: Tensor; // (W,D/2), D even
  readonly y: Tensor; // (H,D/2)

  constructor(sizes: PositionSizes) {
    super(sizes);
    const [rows, columns] = sizes.grid;
    const table = (count: number) => () => init.normal(empty([count, sizes.dim / 2]), 0, STD);
    this.x = this.parameter('x', table(columns));
    this.y = this.parameter('y', table(rows));
  }

  patches([rows, columns]: Grid): Tensor {
    const half = this.sizes.dim / 2;
    const x = tile(reshape(resampleRows(this.x, columns), [1, columns, half]), [rows, 1, 1]);
    const y = tile(reshape(resampleRows(this.y, rows), [rows, 1, half]), [1, columns, 1]);
    return reshape(cat([x, y], 2), [rows * columns, 2 * half]);
  }
}

/**
 * Fixed sines and cosines of a patch's column and row, at wavelengths from 2 pi to 10000 times that.
 * @see Beyer et al. 2022 (Better plain ViT baselines)
 * @see big_vision's `posemb_sincos_2d`
 */
export class SincosPositions2d extends PositionEmbedding {
  readonly #own: Tensor; // (L,D) of the grid in the configuration; D a multiple of 4, at least 8

  constructor(sizes: PositionSizes) {
    super(sizes);
    this.#own = this.constant(() => this.#table(sizes.grid));
  }

  patches(grid: Grid): Tensor {
    const own = this.sizes.grid;
    return grid[0] === own[0] && grid[1] === own[1] ? this.#own : this.#table(grid);
  }

  #table(grid: Grid): Tensor {
    const { dim } = this.sizes;
    return constant(sincosTable(grid, dim), [grid[0] * grid[1], dim]);
  }
}

/** @internal The sines and cosines of a grid, (L,D). */
export function sincosTable([rows, columns]: Grid, dim: number): Float32Array {
  const quarter = dim / 4;
  const table = new Float32Array(rows * columns * dim);
  for (let i = 0; i < rows * columns; i++) {
    const [x, y] = [i % columns, Math.floor(i / columns)];
    for (let k = 0; k < quarter; k++) {
      const omega = 10000 ** (-k / (quarter - 1));
      const at = i * dim + k;
      table[at] = Math.sin(x * omega);
      table[at + quarter] = Math.cos(x * omega);
      table[at + 2 * quarter] = Math.sin(y * omega);
      table[at + 3 * quarter] = Math.cos(y * omega);
    }
  }
  return table;
}
