import { mean } from '../../ops/reduce.js';
import { reshape } from '../../ops/reshape.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { Dropout } from '../dropout.js';
import { Linear } from '../linear.js';
import { Module } from '../module.js';
import type { SwinConfig } from './config.js';

/** The classifier: the mean of the tokens, dropout, a linear map. */
export class SwinHead extends Module {
  /** (D to numClasses); undefined without classes. */
  readonly fc: Linear | undefined;
  readonly #drop: Dropout;

  constructor(
    width: number,
    /** The model's. */
    readonly config: SwinConfig,
  ) {
    super();
    this.#drop = this.child('drop', new Dropout(config.dropRate));
    this.fc = config.numClasses > 0 ? this.child('fc', new Linear(width, config.numClasses)) : undefined;
  }

  /**
   * @param x (N,H,W,D)
   * @param preLogits whether to stop before the linear map
   * @returns (N,classes), or without classes (N,D); with `globalPool: ''` (N,H,W,...); float32, as a ViT's, for the loss
   */
  forward(x: Tensor, preLogits = false): Tensor {
    return scope(() => {
      const pooled = this.config.globalPool === 'avg' ? mean(tokensOf(x), { dim: 1 }) : x;
      const kept = this.#drop.forward(pooled);
      return preLogits ? kept : (this.fc?.forward(kept, { dtype: 'float32' }) ?? kept);
    });
  }
}

/** (N,H,W,D) to (N,H*W,D) */
export function tokensOf(x: Tensor): Tensor {
  const [n, rows, columns, d] = x.shape as [number, number, number, number]; // four axes
  return reshape(x, [n, rows * columns, d]);
}
