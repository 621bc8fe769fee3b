import { cat } from '../../ops/cat.js';
import { constant } from '../../ops/constant.js';
import { full, zeros } from '../../ops/creation.js';
import { add, mul } from '../../ops/elementwise.js';
import { linear } from '../../ops/linear.js';
import { pad } from '../../ops/pad.js';
import { reshape } from '../../ops/reshape.js';
import { slice } from '../../ops/slice.js';
import { clamp, exp, sigmoid } from '../../ops/unary.js';
import { wide } from '../../ops/wide.js';
import { windowAttention } from '../../ops/window-attention.js';
import { scope } from '../../scope.js';
import { empty, type Tensor } from '../../tensor.js';
import { ReLU } from '../activation.js';
import { Dropout } from '../dropout.js';
import * as init from '../init.js';
import { Linear } from '../linear.js';
import { Module } from '../module.js';
import type { Grid } from '../resample.js';
import { addToStream } from '../residual-stream.js';
import { Sequential } from '../sequential.js';

/** What attention within windows is made of. */
export interface WindowAttentionSettings {
  /** Width of a token. */
  dim: number;
  /** Heads, each of `dim / numHeads`. */
  numHeads: number;
  /** (height, width), in tokens. */
  window: Grid;
  /** How far windows are shifted, (down, right). */
  shift: Grid;
  /** Whether the projection to queries, keys and values has a bias. */
  qkvBias: boolean;
  /** Dropout after the projection behind attention. */
  projDropRate: number;
  /** Of version 2: the window that positions were learned with, 0 for this one. */
  pretrainedWindow: number;
}

/** The largest factor of version 2's cosines is 100. @see Liu et al. 2022, section 3.2 */
export const MOST_LOGIT_SCALE = Math.log(100);
const HIDDEN = 512; // of the network of positions

/** Attention within windows, which may be shifted. @see timm's `WindowAttention`, with its parameter names */
export abstract class SwinAttention extends Module {
  /** (dim to 3*dim): queries, keys and values, in this order. */
  abstract readonly qkv: Linear;
  /** Makes the result from all heads' (dim to dim). */
  abstract readonly proj: Linear;
  /** Behind that. */
  protected abstract readonly projDrop: Dropout;

  constructor(
    /** As given. */
    readonly settings: Readonly<WindowAttentionSettings>,
  ) {
    super();
  }

  /**
   * @param x (N,H,W,C)
   * @param residual of x's shape, added last
   * @returns (N,H,W,C)
   */
  forward(x: Tensor, residual?: Tensor): Tensor {
    return scope(() => {
      const y = this.#inWindows(x);
      if (residual === undefined) return this.projDrop.forward(this.proj.forward(y));
      if (this.projDrop.p === 0 || !this.training) return this.proj.forward(y, { residual });
      return addToStream(residual, this.projDrop.forward(this.proj.forward(y)));
    });
  }

  /** What is added to scores by relative position, ((2h-1)(2w-1),heads). */
  abstract positions(): Tensor;
  /** The factors of cosines (heads), where they take the place of products. */
  abstract factors(): Tensor | undefined;
  /** x (N,H,W,C) to (N,H,W,3*C) */
  protected abstract project(x: Tensor): Tensor;

  /** Where windows do not divide the grid, zeros are put below and at the right, after the shift, as timm does. */
  #inWindows(x: Tensor): Tensor {
    const [n, rows, columns, dim] = x.shape as [number, number, number, number]; // four axes
    const { window, shift } = this.settings;
    const [below, right] = [
      (window[0] - (rows % window[0])) % window[0],
      (window[1] - (columns % window[1])) % window[1],
    ];
    const padded = below + right > 0;
    const whole = padded
      ? reshape(pad(reshape(x, [n, rows, columns * dim]), [0, below, 0, right * dim]), [
          ...[n, rows + below, columns + right],
          dim,
        ])
      : x;
    const cosine = this.factors();
    const y = windowAttention(this.project(whole), this.positions(), {
      windowSize: window,
      shift,
      rolled: [rows, columns],
      ...(cosine && { cosine }),
    });
    return padded ? slice(slice(y, 1, 0, rows), 2, 0, columns) : y;
  }
}

/** Version 1: products, and a table of relative positions. @see Liu et al. 2021, section 3.2 */
export class WindowAttention extends SwinAttention {
  /** ((2h-1)(2w-1),heads): what is added to scores by relative position. */
  readonly relativePositionBiasTable: Tensor;
  readonly qkv: Linear;
  readonly proj: Linear;
  protected readonly projDrop: Dropout;

  constructor(settings: WindowAttentionSettings) {
    super(settings);
    const { dim, numHeads, window, qkvBias, projDropRate } = settings;
    const entries = (2 * window[0] - 1) * (2 * window[1] - 1);
    this.relativePositionBiasTable = this.parameter('relative_position_bias_table', () =>
      init.truncatedNormal(empty([entries, numHeads]), 0, 0.02),
    );
    this.qkv = this.child('qkv', new Linear(dim, 3 * dim, { bias: qkvBias }));
    this.proj = this.child('proj', new Linear(dim, dim));
    this.projDrop = this.child('proj_drop', new Dropout(projDropRate));
  }

  positions(): Tensor {
    return this.relativePositionBiasTable;
  }

  factors(): undefined {
    return undefined;
  }

  protected project(x: Tensor): Tensor {
    return this.qkv.forward(x);
  }
}

/** Version 2: cosines, and relative positions by a small network. @see Liu et al. 2022, section 3 */
export class CosineWindowAttention extends SwinAttention {
  /** (heads,1,1): logarithms of the factors of the cosines. */
  readonly logitScale: Tensor;
  /** From how far apart tokens lie, on a logarithmic scale, to a number a head. */
  readonly cpbMlp: Sequential;
  readonly qkv: Linear;
  /** (dim): of queries; keys have none. Undefined without biases. */
  readonly qBias: Tensor | undefined;
  /** (dim): of values. */
  readonly vBias: Tensor | undefined;
  readonly proj: Linear;
  protected readonly projDrop: Dropout;
  /** ((2h-1)(2w-1),2) */
  readonly coordinates: Float32Array;
  readonly #coordinates: Tensor;
  readonly #noBias: Tensor;

  constructor(settings: WindowAttentionSettings) {
    super(settings);
    const { dim, numHeads, qkvBias, projDropRate } = settings;
    this.logitScale = this.parameter('logit_scale', () => full([numHeads, 1, 1], Math.log(10)));
    const layers = [new Linear(2, HIDDEN), new ReLU(), new Linear(HIDDEN, numHeads, { bias: false })];
    this.cpbMlp = this.child('cpb_mlp', new Sequential(...layers));
    this.qkv = this.child('qkv', new Linear(dim, 3 * dim, { bias: false }));
    this.qBias = qkvBias ? this.parameter('q_bias', () => zeros([dim])) : undefined;
    this.vBias = qkvBias ? this.parameter('v_bias', () => zeros([dim])) : undefined;
    this.proj = this.child('proj', new Linear(dim, dim));
    this.projDrop = this.child('proj_drop', new Dropout(projDropRate));
    this.coordinates = logCoordinates(settings);
    this.#coordinates = this.constant(() => constant(this.coordinates, [this.coordinates.length / 2, 2]));
    this.#noBias = this.constant(() => zeros([dim]));
  }

  positions(): Tensor {
    return scope(() => mul(sigmoid(wide(this.cpbMlp.forward(this.#coordinates))), 16));
  }

  factors(): Tensor {
    return scope(() => reshape(exp(clamp(this.logitScale, { max: MOST_LOGIT_SCALE })), [this.settings.numHeads]));
  }

  protected project(x: Tensor): Tensor {
    if (this.qBias === undefined || this.vBias === undefined) return this.qkv.forward(x);
    const bias = cat([this.qBias, this.#noBias, this.vBias], 0);
    return this.qkv.lora === undefined ? linear(x, this.qkv.weight, bias) : add(this.qkv.forward(x), bias);
  }
}

/** Distances of all pairs of a window's tokens, 8 at the window's end, as sign(d) log2(1 + |d|) / 3. */
function logCoordinates({ window, pretrainedWindow }: WindowAttentionSettings): Float32Array {
  const [rows, columns] = window;
  const scaled = (distance: number, size: number): number => {
    const end = (pretrainedWindow > 0 ? pretrainedWindow : size) - 1;
    const d = end === 0 ? 0 : (8 * distance) / end;
    return (Math.sign(d) * Math.log2(1 + Math.abs(d))) / 3;
  };
  const values: number[] = [];
  for (let y = 1 - rows; y < rows; y++) {
    for (let x = 1 - columns; x < columns; x++) values.push(scaled(y, rows), scaled(x, columns));
  }
  return Float32Array.from(values);
}
