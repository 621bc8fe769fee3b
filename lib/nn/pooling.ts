import { checkPair, type Pair } from '../check.js';
import { checkOptions } from '../check-options.js';
import { adaptiveAvgPool2d } from '../ops/adaptive-avg-pool2d.js';
import { AVG_POOL2D_OPTIONS, type AvgPool2dOptions, avgPool2d, checkPool } from '../ops/avg-pool2d.js';
import { maxPool2d } from '../ops/max-pool2d.js';
import { WINDOW_OPTIONS, type WindowOptions } from '../ops/unfold.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** The mean of each window of (N,C,H,W). @see `torch.nn.AvgPool2d` */
export class AvgPool2d extends Module {
  /** As given. */
  readonly options: Readonly<AvgPool2dOptions>;

  constructor(options: AvgPool2dOptions) {
    super();
    checkOptions(options, AVG_POOL2D_OPTIONS, 'AvgPool2d');
    checkPool(options, 'AvgPool2d');
    this.options = Object.freeze({ ...options });
  }

  forward(x: Tensor): Tensor {
    return avgPool2d(x, this.options);
  }
}

/** The largest element of each window of (N,C,H,W). @see `torch.nn.MaxPool2d` */
export class MaxPool2d extends Module {
  /** As given. */
  readonly options: Readonly<WindowOptions>;

  constructor(options: WindowOptions) {
    super();
    checkOptions(options, WINDOW_OPTIONS, 'MaxPool2d');
    checkPool(options, 'MaxPool2d');
    this.options = Object.freeze({ ...options });
  }

  forward(x: Tensor): Tensor {
    return maxPool2d(x, this.options);
  }
}

/** The means of the parts of (N,C,H,W), as many as are asked for. @see `torch.nn.AdaptiveAvgPool2d` */
export class AdaptiveAvgPool2d extends Module {
  /** (height, width) of the result. */
  readonly outputSize: readonly [number, number];

  constructor(outputSize: Pair) {
    super();
    this.outputSize = checkPair(outputSize, 'AdaptiveAvgPool2d outputSize', 1);
  }

  forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.outputSize);
  }
}
