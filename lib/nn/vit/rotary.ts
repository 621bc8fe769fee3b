import { checkInteger, checkNumber, checkOneOf, checkPair, expected, type Pair } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { constant } from '../../ops/constant.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import type { Grid } from '../resample.js';
import type { Rope } from './parts.js';

/** Angles of tokens, for `F.rotaryEmbedding`. */
export interface RotaryTable {
  /** (places, D/2) */
  readonly cos: Tensor;
  /** Likewise. */
  readonly sin: Tensor;
  /** Whether a pair of channels lies side by side. */
  readonly interleaved: boolean;
  /** Tokens in front that have no place. */
  readonly prefix: number;
}

/** Register tokens that are the places of a square grid of their own. */
export interface RotaryRegisters {
  /** A square number. */
  readonly count: number;
  /** Of their longest wavelength. */
  readonly temperature: number;
}

/** Options of `RotaryPositions`: what the angles follow from; see `ViTConfig`. */
export interface RotaryOptions {
  /** Whose convention. */
  rope: Exclude<Rope, 'none'>;
  /** Channels of a head, a multiple of 4. */
  headDim: number;
  /** Of the longest wavelength. */
  temperature: number;
  /** What grids are scaled to; EVA's. */
  reference?: Pair | undefined;
  /** Register tokens that are places of a square grid, and their temperature; ViT-5's. */
  registers?: RotaryRegisters | undefined;
}

const OPTIONS: OptionNames<RotaryOptions> = {
  rope: true,
  headDim: true,
  temperature: true,
  reference: true,
  registers: true,
};

/**
 * Rotary positions of patches in two dimensions: the first half of the pairs turns by the row, the second by the column.
 * It has no parameters; tables for the model's own grid are kept.
 *
 * EVA: angle = place / temperature^(k / K), k from 0 to K - 1 = D/4 - 1, the place counted in patches. DINOv3: angle =
 * 2 pi place / temperature^(k / K), the place of a patch's middle between -1 and 1.
 * @see Fang et al. 2023 (EVA-02); Siméoni et al. 2025 (DINOv3); Heo et al. 2024 (RoPE-ViT)
 * @see timm's `RotaryEmbeddingCat` and `RotaryEmbeddingDinoV3`
 */
export class RotaryPositions extends Module {
  readonly #settings: RotaryOptions;
  readonly #grid: Grid;
  readonly #prefix: number;
  readonly #own: RotaryTable;

  /** @param grid that tables are kept for @param prefix tokens in front of the patches */
  constructor(settings: RotaryOptions, grid: Grid, prefix: number) {
    super();
    checkOptions(settings, OPTIONS, 'RotaryPositions');
    checkOneOf(settings?.rope, 'RotaryPositions rope', ['eva', 'dinov3']);
    checkNumber(settings.temperature, 'RotaryPositions temperature', Number.MIN_VALUE);
    if (checkInteger(settings.headDim, 'RotaryPositions headDim', 4) % 4 !== 0) {
      throw expected('a width that 4 divides', 'RotaryPositions headDim', settings.headDim);
    }
    const { registers } = settings;
    if (registers !== undefined) {
      const side = Math.sqrt(checkInteger(registers?.count, 'RotaryPositions registers', 1));
      if (!Number.isInteger(side)) throw expected('a square number', 'RotaryPositions registers', registers.count);
      checkNumber(registers.temperature, 'RotaryPositions registers', Number.MIN_VALUE);
    }
    this.#settings = settings;
    this.#grid = checkPair(grid, 'RotaryPositions grid', 1);
    this.#prefix = checkInteger(prefix, 'RotaryPositions prefix', registers?.count ?? 0);
    const own = this.#make(grid, (values, shape) => this.constant(() => constant(values, shape)));
    this.#own = own;
  }

  /** @param grid of the image at hand */
  forward(grid: Grid): RotaryTable {
    const own = this.#grid;
    const [rows, columns] = checkPair(grid, 'RotaryPositions grid', 1);
    return rows === own[0] && columns === own[1] ? this.#own : this.#make([rows, columns], constant);
  }

  /**
   * @internal
   * What the tables are made of: for each place (registers, if they have any, then patches) the angles of a head's pairs.
   *
   * @param grid of the image at hand
   */
  angles(grid: Grid): { angles: number[]; pairs: number; interleaved: boolean; prefix: number } {
    const { rope, headDim, registers } = this.#settings;
    const angles = [...(registers === undefined ? [] : this.#ofRegisters(registers)), ...this.#ofPatches(grid)];
    const prefix = this.#prefix - (registers?.count ?? 0);
    return { angles, pairs: headDim / 2, interleaved: rope === 'eva', prefix };
  }

  #make(grid: Grid, make: (values: Float32Array, shape: readonly number[]) => Tensor): RotaryTable {
    const { angles, pairs, interleaved, prefix } = this.angles(grid);
    const shape = [angles.length / pairs, pairs];
    return {
      cos: make(Float32Array.from(angles, Math.cos), shape),
      sin: make(Float32Array.from(angles, Math.sin), shape),
      interleaved,
      prefix,
    };
  }

  #ofPatches(grid: Grid): number[] {
    const { rope, temperature, reference } = this.#settings;
    if (rope === 'dinov3') {
      const middle = (i: number, axis: 0 | 1): number => 2 * Math.PI * ((2 * (i + 0.5)) / grid[axis] - 1);
      return this.#angles(grid, temperature, middle);
    }
    const scaled = reference === undefined ? grid : checkPair(reference, 'rope grid', 1);
    return this.#angles(grid, temperature, (i, axis) => (i / grid[axis]) * scaled[axis]);
  }

  #ofRegisters({ count, temperature }: { count: number; temperature: number }): number[] {
    const side = Math.sqrt(count);
    return this.#angles([side, side], temperature, (i) => i);
  }

  #angles([rows, columns]: Grid, temperature: number, place: (i: number, axis: 0 | 1) => number): number[] {
    const bands = this.#settings.headDim / 4;
    const angles: number[] = [];
    for (let i = 0; i < rows * columns; i++) {
      for (const at of [place(Math.floor(i / columns), 0), place(i % columns, 1)]) {
        for (let k = 0; k < bands; k++) angles.push(at / temperature ** (k / bands));
      }
    }
    return angles;
  }
}
