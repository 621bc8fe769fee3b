import { checkInteger, checkNumber, expected } from '../../check.js';
import { checkTensor } from '../../ops/check-tensor.js';
import { pad } from '../../ops/pad.js';
import { reshape } from '../../ops/reshape.js';
import { permute } from '../../ops/transpose.js';
import { productDtype } from '../../precision.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { LayerNorm } from '../layer-norm.js';
import { Linear } from '../linear.js';
import { Module } from '../module.js';

/**
 * Neighbours, two by two, made one token of twice the width: (N,H,W,C) to (N,H/2,W/2,2C). Zeros complete an odd grid.
 * @see Liu et al. 2021, section 3.1
 * @see timm's `PatchMerging`, with its parameter names
 * @throws TypeError for a width that is no whole number above 0, another version, or an epsilon below 0
 */
export class PatchMerging extends Module {
  /** Of the four together (4C); of version 2 behind the reduction (2C). */
  readonly norm: LayerNorm;
  /** (4C to 2C), without a bias. */
  readonly reduction: Linear;

  constructor(
    /** Width of the tokens that come in. */
    readonly dim: number,
    /** 1, the default, norms the four, 2 the result. */
    readonly version: 1 | 2 = 1,
    /** Of the norm. Default 1e-5. */
    eps = 1e-5,
  ) {
    super();
    checkInteger(dim, 'PatchMerging dim', 1);
    if (version !== 1 && version !== 2) throw expected('1 or 2', 'PatchMerging version', version);
    checkNumber(eps, 'PatchMerging eps', 0);
    this.norm = this.child('norm', new LayerNorm(version === 1 ? 4 * dim : 2 * dim, { eps }));
    this.reduction = this.child('reduction', new Linear(4 * dim, 2 * dim, { bias: false }));
  }

  /** @param x (N,H,W,C) @returns (N,H/2,W/2,2C) */
  forward(x: Tensor): Tensor {
    checkTensor(x, 'PatchMerging', { shape: [null, null, null, this.dim], letters: '(N,H,W,C)' });
    return scope(() => {
      const four = gathered(x);
      const norm = (tokens: Tensor): Tensor => this.norm.forward(tokens, undefined, productDtype());
      return this.version === 1 ? this.reduction.forward(norm(four)) : norm(this.reduction.forward(four));
    });
  }
}

/** (N,H,W,C) to (N,H/2,W/2,4C): upper left, lower left, upper right, lower right. */
function gathered(x: Tensor): Tensor {
  const [n, rows, columns, dim] = x.shape as [number, number, number, number]; // four axes
  const [h, w] = [Math.ceil(rows / 2), Math.ceil(columns / 2)];
  const flat = reshape(x, [n, rows, columns * dim]);
  const odd = 2 * h > rows || 2 * w > columns;
  const even = odd ? pad(flat, [0, 2 * h - rows, 0, (2 * w - columns) * dim]) : flat;
  return reshape(permute(reshape(even, [n, h, 2, w, 2, dim]), [0, 1, 3, 4, 2, 5]), [n, h, w, 4 * dim]);
}
