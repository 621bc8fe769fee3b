import { checkBoolean, checkInteger, checkNumber, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { batchNorm } from '../ops/batch-norm.js';
import { checkTensor } from '../ops/check-tensor.js';
import { copyInto } from '../ops/copy.js';
import { ones, zeros } from '../ops/creation.js';
import { add } from '../ops/elementwise.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** Options of `BatchNorm1d` and `BatchNorm2d`. */
export interface BatchNormModuleOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** The part of each batch in the running statistics. Default 0.1. */
  momentum?: number;
  /** Whether there are a weight and a bias. Default true. */
  affine?: boolean;
  /** Whether there are running statistics, which evaluation goes by; else it goes by the batch's own. Default true. */
  trackRunningStats?: boolean;
}

const OPTIONS: OptionNames<BatchNormModuleOptions> = {
  eps: true,
  momentum: true,
  affine: true,
  trackRunningStats: true,
};

/** What is normalised over the batch: training goes by the batch's statistics, evaluation by running ones. */
abstract class BatchNorm extends Module {
  /** (numFeatures); undefined without `affine`. */
  readonly weight: Tensor | undefined;
  /** (numFeatures); undefined without `affine`. */
  readonly bias: Tensor | undefined;
  /** (numFeatures): the running means; undefined without `trackRunningStats`. */
  readonly runningMean: Tensor | undefined;
  /** (numFeatures): the running variances; undefined without `trackRunningStats`. */
  readonly runningVar: Tensor | undefined;
  /** Int32, of one element: how many batches the running statistics are of. */
  readonly numBatchesTracked: Tensor | undefined;
  /** Added to the variance. */
  readonly eps: number;
  /** The part of each batch in the running statistics. */
  readonly momentum: number;

  constructor(
    /** Channels of x (N,C,...). */
    readonly numFeatures: number,
    options: BatchNormModuleOptions,
    name: string,
  ) {
    super();
    checkOptions(options, OPTIONS, name);
    checkInteger(numFeatures, `${name} numFeatures`, 1);
    this.eps = checkNumber(options.eps ?? 1e-5, `${name} eps`, 0);
    this.momentum = checkNumber(options.momentum ?? 0.1, `${name} momentum`, 0, 1);
    if (checkBoolean(options.affine ?? true, `${name} affine`)) {
      this.weight = this.parameter('weight', () => ones([numFeatures]));
      this.bias = this.parameter('bias', () => zeros([numFeatures]));
    }
    if (checkBoolean(options.trackRunningStats ?? true, `${name} trackRunningStats`)) {
      this.runningMean = this.buffer('running_mean', () => zeros([numFeatures]));
      this.runningVar = this.buffer('running_var', () => ones([numFeatures]));
      this.numBatchesTracked = this.buffer('num_batches_tracked', () => zeros([], { dtype: 'int32' }));
    }
  }

  /** Normalises x (N,C,...), whose rank is checked. */
  protected normalise(x: Tensor): Tensor {
    const { runningMean, runningVar, weight, bias, eps, momentum } = this;
    const training = this.training || runningMean === undefined;
    const y = batchNorm(x, runningMean, runningVar, weight, bias, { training, eps, momentum });
    if (training && this.numBatchesTracked !== undefined) {
      const counted = this.numBatchesTracked;
      scope(() => copyInto(counted, add(counted, 1)));
    }
    return y;
  }
}

/**
 * Batch normalisation of (N,C) or (N,C,L).
 *
 * @see Ioffe and Szegedy 2015
 * @see `torch.nn.BatchNorm1d`, with its parameter and buffer names
 * @throws TypeError for options out of range
 */
export class BatchNorm1d extends BatchNorm {
  constructor(numFeatures: number, options: BatchNormModuleOptions = {}) {
    super(numFeatures, options, 'BatchNorm1d');
  }

  /** @param x (N,C) or (N,C,L) @returns of the same shape */
  forward(x: Tensor): Tensor {
    checkTensor(x, 'BatchNorm1d input', { minRank: 2, letters: '(N,C) or (N,C,L)' });
    if (x.rank > 3) throw expected('a tensor (N,C) or (N,C,L)', 'BatchNorm1d input', x);
    return this.normalise(x);
  }
}

/**
 * Batch normalisation of (N,C,H,W). In training the statistics are the batch's, and the running ones move towards them,
 * in a step that is replayed as well; where a checkpoint computes a forward pass again, twice, as in PyTorch.
 *
 * @throws TypeError for options out of range
 * @see Ioffe and Szegedy 2015
 * @see `torch.nn.BatchNorm2d`, with its parameter and buffer names
 */
export class BatchNorm2d extends BatchNorm {
  constructor(numFeatures: number, options: BatchNormModuleOptions = {}) {
    super(numFeatures, options, 'BatchNorm2d');
  }

  /** @param x (N,C,H,W) @returns of the same shape */
  forward(x: Tensor): Tensor {
    return this.normalise(checkTensor(x, 'BatchNorm2d input', { rank: 4, letters: '(N,C,H,W)' }));
  }
}
