import { record } from '../autograd.js';
import { expected, shapeText, sizeOf } from '../check.js';
import { native, type Reduction } from '../native.js';
import { scope } from '../scope.js';
import { noteSite } from '../stream.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { add, div, mul, sub, xlogy } from './elementwise.js';
import {
  type BCEOptions,
  checkBCE,
  checkHuber,
  checkKLDiv,
  checkLoss,
  checkNLL,
  checkSmoothL1,
  type HuberOptions,
  type KLDivOptions,
  type LossOptions,
  type NLLOptions,
  type SmoothL1Options,
} from './loss-options.js';
import { mean, sum } from './reduce.js';
import { abs, clamp, exp, logSigmoid, square } from './unary.js';
import { wide } from './wide.js';

export type {
  BCEOptions,
  HuberOptions,
  KLDivOptions,
  LossOptions,
  NLLOptions,
  SmoothL1Options,
} from './loss-options.js';

/**
 * Losses, each of one tensor beside another of the same shape unless said; differentiable with respect to both. They are float32, of
 * bfloat16 too: of a logit of 8 the gradient is 1 - 0.9997, of which nothing would be left.
 */

function reduced(losses: Tensor, reduction: Reduction): Tensor {
  return reduction === 'none' ? losses : reduction === 'sum' ? sum(losses) : mean(losses);
}

/** Two tensors of one shape: where they would broadcast, PyTorch warns of a slip; here it is one. */
function checkPair(input: Tensor, target: Tensor, name: string): void {
  checkTensor(input, `${name} input`);
  checkTensor(target, `${name} target`, { shape: input.shape });
}

/** input - target. */
const difference = (input: Tensor, target: Tensor): Tensor => sub(wide(input), wide(target));

/**
 * Squared differences.
 *
 * @throws TypeError unless both are float32 of one shape
 * @see `torch.nn.functional.mse_loss`
 */
export function mseLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const { reduction } = checkLoss(options, 'mseLoss');
  checkPair(input, target, 'mseLoss');
  return scope(() => reduced(square(difference(input, target)), reduction));
}

/**
 * Absolute differences; the gradient is 0 where both are equal.
 *
 * @throws TypeError unless both are float32 of one shape
 * @see `torch.nn.functional.l1_loss`
 */
export function l1Loss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const { reduction } = checkLoss(options, 'l1Loss');
  checkPair(input, target, 'l1Loss');
  return scope(() => reduced(abs(difference(input, target)), reduction));
}

/** d^2 / 2 as far as `delta` from 0, and on in a straight line: m (|d| - m / 2), where m is |d|, at most delta. */
function huber(d: Tensor, delta: number): Tensor {
  const size = abs(d);
  const held = clamp(size, { max: delta });
  return mul(held, sub(size, mul(held, 0.5)));
}

/**
 * d^2 / (2 beta) where the difference d is less than `beta`, else |d| - beta / 2.
 *
 * @throws TypeError unless both are float32 of one shape and `beta` is at least 0
 * @see `torch.nn.functional.smooth_l1_loss`
 */
export function smoothL1Loss(input: Tensor, target: Tensor, options: SmoothL1Options = {}): Tensor {
  const { reduction, beta } = checkSmoothL1(options, 'smoothL1Loss');
  checkPair(input, target, 'smoothL1Loss');
  return scope(() => {
    const d = difference(input, target);
    return reduced(beta === 0 ? abs(d) : mul(huber(d, beta), 1 / beta), reduction);
  });
}

/**
 * d^2 / 2 where the difference d is at most `delta`, else delta (|d| - delta / 2).
 *
 * @throws TypeError unless both are float32 of one shape and `delta` is above 0
 * @see Huber 1964
 * @see `torch.nn.functional.huber_loss`
 */
export function huberLoss(input: Tensor, target: Tensor, options: HuberOptions = {}): Tensor {
  const { reduction, delta } = checkHuber(options, 'huberLoss');
  checkPair(input, target, 'huberLoss');
  return scope(() => reduced(huber(difference(input, target), delta), reduction));
}

/**
 * The cross-entropy of probabilities, sigmoid(logits), and targets in [0, 1].
 *
 * @throws TypeError unless logits and target are float32 of one shape, to which the weights broadcast
 * @see `torch.nn.functional.binary_cross_entropy_with_logits`
 */
export function binaryCrossEntropyWithLogits(logits: Tensor, target: Tensor, options: BCEOptions = {}): Tensor {
  const name = 'binaryCrossEntropyWithLogits';
  const { reduction } = checkBCE(options, name);
  checkPair(logits, target, name);
  const { weight, posWeight } = options;
  return scope(() => {
    // (1 - t) x - (1 + (w - 1) t) log sigmoid(x)
    const [x, t] = [wide(logits), wide(target)];
    const negative = sub(x, mul(t, x));
    const share = posWeight === undefined ? undefined : add(mul(sub(wide(posWeight), 1), t), 1);
    const positive = logSigmoid(x);
    const losses = sub(negative, share === undefined ? positive : mul(share, positive));
    const weighted = weight === undefined ? losses : mul(losses, weight);
    if (shapeText(weighted.shape) !== shapeText(logits.shape)) {
      throw expected(`weights that broadcast to ${shapeText(logits.shape)}`, name, weight ?? posWeight);
    }
    return reduced(weighted, reduction);
  });
}

/**
 * The Kullback-Leibler divergence of the target from what `input` holds the log-probabilities of: t (log t - input).
 *
 * @throws TypeError unless both are float32 of one shape
 * @see `torch.nn.functional.kl_div`
 */
export function klDiv(input: Tensor, target: Tensor, options: KLDivOptions = {}): Tensor {
  const { reduction, logTarget } = checkKLDiv(options, 'klDiv');
  checkPair(input, target, 'klDiv');
  if (reduction === 'batchmean' && input.rank === 0) throw expected('a tensor with axes', 'klDiv batchmean', input);
  return scope(() => {
    const [x, t] = [wide(input), wide(target)];
    const losses = logTarget ? mul(exp(t), sub(t, x)) : sub(xlogy(t, t), mul(t, x));
    if (reduction !== 'batchmean') return reduced(losses, reduction);
    return div(sum(losses), input.shape[0]);
  });
}

/**
 * -input[label] of log-probabilities: with `logSoftmax`, the cross-entropy. The mean is by weight.
 *
 * @param input (N,classes), (N,classes,d1,...) or (classes)
 * @param target class indices (N), (N,d1,...) or (), int32
 * @throws TypeError when the sizes do not go together. A label that is no class is found on the stream: the next read
 *   rejects with a StreamError that names this call.
 * @see `torch.nn.functional.nll_loss`
 */
export function nllLoss(input: Tensor, target: Tensor, options: NLLOptions = {}): Tensor {
  return scope(() => {
    const { losses, weights, reduction } = nll(input, target, options, 'nllLoss');
    if (reduction === 'mean') return div(sum(losses), sum(weights));
    return reduced(losses, reduction);
  });
}

/** Each label's loss and weight, 0 where it is left out. */
function nll(
  input: Tensor,
  target: Tensor,
  options: NLLOptions,
  name: string,
): { losses: Tensor; weights: Tensor; reduction: Reduction } {
  const { reduction, ignoreIndex } = checkNLL(options, name);
  checkTensor(input, `${name} input`, { minRank: 1, letters: '(N,classes,...)' });
  const [batch, classes, rest] = input.rank === 1 ? [1, input.shape[0], []] : batched(input.shape);
  const shape = input.rank === 1 ? [] : [batch, ...rest];
  checkTensor(target, `${name} target labels`, { dtype: 'int32', shape });
  if (classes === 0) throw expected('at least one class', `${name} input`, input);
  const { weight } = options;
  if (weight !== undefined) checkTensor(weight, `${name} weight`, { shape: [classes] });
  const [losses, weights] = [empty(shape), empty([...shape])];
  const sizes = { batch, classes, positions: sizeOf(rest) };
  native.nllForward({
    loss: losses,
    weights,
    x: input,
    labels: target,
    weight,
    ...sizes,
    ignoreIndex,
    site: noteSite(name),
  });
  const { shape: full } = input;
  record(name, losses, [input], [weights, target], (dloss, grads, [factors, labels]) => {
    const dx = empty(full);
    native.nllBackward({ dx, dloss, weights: factors, labels, ...sizes });
    grads.pass(0, dx);
    dx.dispose();
  });
  return { losses, weights, reduction };
}

function batched([batch, classes, ...rest]: readonly number[]): [number, number, number[]] {
  return [batch ?? 0, classes ?? 0, rest]; // two axes at least
}
