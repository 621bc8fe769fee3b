import { productDtype } from '../../precision.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { DropPath } from '../dropout.js';
import { LayerNorm } from '../layer-norm.js';
import { Module } from '../module.js';
import { addToStream } from '../residual-stream.js';
import { Mlp } from '../vit/mlp.js';
import {
  CosineWindowAttention,
  type SwinAttention,
  WindowAttention,
  type WindowAttentionSettings,
} from './window-attention.js';

/** What a block is made of. */
export interface SwinBlockSettings extends WindowAttentionSettings {
  version: 1 | 2;
  mlpRatio: number;
  normEps: number;
  dropPathRate: number;
}

/**
 * Attention within windows and an MLP, both with a residual, whose sum is stored as x is. Version 1 norms what goes into a branch, version 2 what
 * comes out.
 * @see Liu et al. 2021, equation 3; Liu et al. 2022, figure 1
 * @see timm's `SwinTransformerBlock` and `SwinTransformerV2Block`, with their parameter names
 */
export class SwinBlock extends Module {
  /** Of attention. */
  readonly norm1: LayerNorm;
  /** Mixes the tokens of a window. */
  readonly attn: SwinAttention;
  /** Of the MLP. */
  readonly norm2: LayerNorm;
  /** Works on each token alone. */
  readonly mlp: Mlp;
  /** 1 or 2. */
  readonly version: 1 | 2;
  readonly #dropPath1: DropPath;
  readonly #dropPath2: DropPath;

  constructor(settings: SwinBlockSettings) {
    super();
    const { version, dim, mlpRatio, normEps, projDropRate, dropPathRate } = settings;
    this.version = version;
    this.norm1 = this.child('norm1', new LayerNorm(dim, { eps: normEps }));
    const attention = version === 1 ? new WindowAttention(settings) : new CosineWindowAttention(settings);
    this.attn = this.child('attn', attention);
    this.#dropPath1 = this.child('drop_path1', new DropPath(dropPathRate));
    this.norm2 = this.child('norm2', new LayerNorm(dim, { eps: normEps }));
    this.mlp = this.child(
      'mlp',
      new Mlp(dim, Math.floor(dim * mlpRatio), { act: 'gelu', bias: true, drop: projDropRate }),
    );
    this.#dropPath2 = this.child('drop_path2', new DropPath(dropPathRate));
  }

  /** @param x (N,H,W,C) @returns (N,H,W,C) */
  forward(x: Tensor): Tensor {
    return scope(() => {
      if (this.version === 2) {
        const y = addToStream(x, this.#dropPath1.forward(this.#normed(this.norm1, this.attn.forward(x))));
        return addToStream(y, this.#dropPath2.forward(this.#normed(this.norm2, this.mlp.forward(y))));
      }
      // The sum rides on the branch's last product unless something comes between.
      const dropping = this.training && this.#dropPath1.p > 0;
      if (!dropping) {
        const y = this.attn.forward(this.#normed(this.norm1, x), x);
        return this.mlp.forward(this.#normed(this.norm2, y), y);
      }
      const y = addToStream(x, this.#dropPath1.forward(this.attn.forward(this.#normed(this.norm1, x))));
      return addToStream(y, this.#dropPath2.forward(this.mlp.forward(this.#normed(this.norm2, y))));
    });
  }

  /** What a product reads next, or a sum that is stored so. */
  #normed(norm: LayerNorm, x: Tensor): Tensor {
    return norm.forward(x, undefined, productDtype());
  }
}
