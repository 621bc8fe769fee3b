import { noGrad } from '../autograd.js';
import { checkBoolean, checkNumber, expected, sizeOf } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { copyInto } from './copy.js';
import { add, mul, sub } from './elementwise.js';
import { layerNorm } from './layer-norm.js';
import { mean, sum } from './reduce.js';
import { reshape } from './reshape.js';
import { transpose } from './transpose.js';
import { rsqrt } from './unary.js';

/** Options of `batchNorm`. */
export interface BatchNormOptions {
  /** Whether to normalise by the batch's own statistics, and to move the running ones towards them. Default false. */
  training?: boolean;
  /** The part of the batch's statistics in the new running ones. Default 0.1. */
  momentum?: number;
  /** Added to the variance. Default 1e-5. */
  eps?: number;
}

const OPTIONS: OptionNames<BatchNormOptions> = { training: true, momentum: true, eps: true };

/**
 * (x - mean) / sqrt(variance + eps) * weight + bias for each channel, over the batch and all positions.
 *
 * @param x (N,C,...)
 * @param runningMean (C), written in training; undefined only there, and then so is the variance
 * @param runningVar (C), of unbiased variances
 * @param weight (C), or undefined for ones
 * @param bias (C), or undefined for zeros
 * @throws TypeError when the sizes do not go together, or in training on one value a channel
 * @see Ioffe and Szegedy 2015
 * @see `torch.nn.functional.batch_norm`
 */
export function batchNorm(
  x: Tensor,
  runningMean: Tensor | undefined,
  runningVar: Tensor | undefined,
  weight?: Tensor,
  bias?: Tensor,
  options: BatchNormOptions = {},
): Tensor {
  checkOptions(options, OPTIONS, 'batchNorm');
  checkTensor(x, 'batchNorm input', { minRank: 2, letters: '(N,C,...)' });
  const channels = x.shape[1];
  const ofChannels = { runningMean, runningVar, weight, bias };
  for (const [name, tensor] of Object.entries(ofChannels)) {
    if (tensor !== undefined) checkTensor(tensor, `batchNorm ${name}`, { shape: [channels] });
  }
  const training = checkBoolean(options.training ?? false, 'batchNorm training');
  const momentum = checkNumber(options.momentum ?? 0.1, 'batchNorm momentum', 0, 1);
  const eps = checkNumber(options.eps ?? 1e-5, 'batchNorm eps', 0);
  if ((runningMean === undefined) !== (runningVar === undefined)) {
    throw expected('both running statistics or neither', 'batchNorm', runningMean ?? runningVar);
  }
  return scope(() => {
    const along = [channels, ...new Array<number>(x.rank - 2).fill(1)];
    const broadcast = (tensor: Tensor): Tensor => reshape(tensor, along);
    if (training) {
      const normed = normaliseByBatch(x, runningMean, runningVar, momentum, eps);
      const scaled = weight === undefined ? normed : mul(normed, broadcast(weight));
      return bias === undefined ? scaled : add(scaled, broadcast(bias));
    }
    if (runningMean === undefined || runningVar === undefined) {
      throw expected('running statistics', 'batchNorm in evaluation', runningMean);
    }
    const rstd = rsqrt(add(runningVar, eps));
    const scale = weight === undefined ? rstd : mul(rstd, weight);
    const shift = mul(mul(runningMean, scale), -1);
    return add(mul(x, broadcast(scale)), broadcast(bias === undefined ? shift : add(shift, bias)));
  });
}

/** x normalised, channel by channel; the running statistics go towards the batch's, on the stream. */
function normaliseByBatch(
  x: Tensor,
  runningMean: Tensor | undefined,
  runningVar: Tensor | undefined,
  momentum: number,
  eps: number,
): Tensor {
  const [n, channels] = x.shape;
  const inner = sizeOf(x.shape.slice(2));
  const count = n * inner;
  if (count < 2) throw expected('more than one value a channel', 'batchNorm in training', x);
  const rows = reshape(transpose(reshape(x, [n, channels, inner]), 0, 1), [channels, count]);
  if (runningMean !== undefined && runningVar !== undefined) {
    noGrad(() => {
      const center = mean(rows, { dim: 1 });
      const off = sub(rows, reshape(center, [channels, 1]));
      const variance = mul(sum(mul(off, off), { dim: 1 }), 1 / (count - 1));
      moveTowards(runningMean, center, momentum);
      moveTowards(runningVar, variance, momentum);
    });
  }
  const normed = layerNorm(rows, undefined, undefined, { eps });
  return reshape(transpose(reshape(normed, [channels, n, inner]), 0, 1), x.shape);
}

function moveTowards(running: Tensor, now: Tensor, momentum: number): void {
  copyInto(running, add(mul(running, 1 - momentum), mul(now, momentum)));
}
