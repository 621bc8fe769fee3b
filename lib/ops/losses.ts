import { record } from '../autograd.js';
import { checkBoolean, checkInteger, checkNumber, checkOneOf, expected, shapeText, sizeOf } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native, type Reduction } from '../native.js';
import { scope } from '../scope.js';
import { noteSite } from '../stream.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { add, div, mul, sub, xlogy } from './elementwise.js';
import { mean, sum } from './reduce.js';
import { abs, clamp, exp, logSigmoid, square } from './unary.js';

/** Losses, each of one tensor beside another of the same shape unless said; differentiable with respect to both. */

/** What most losses take. */
export interface LossOptions {
  /** Mean over all elements, sum, or a loss each. Default `'mean'`. */
  reduction?: Reduction;
}

const LOSS_OPTIONS: OptionNames<LossOptions> = { reduction: true };

const REDUCTIONS: readonly Reduction[] = ['none', 'mean', 'sum'];

function reduced(losses: Tensor, reduction: Reduction): Tensor {
  return reduction === 'none' ? losses : reduction === 'sum' ? sum(losses) : mean(losses);
}

/** Two tensors of one shape: where they would broadcast, PyTorch warns of a slip; here it is one. */
function checkPair(input: Tensor, target: Tensor, name: string): void {
  checkTensor(input, `${name} input`);
  checkTensor(target, `${name} target`, { shape: input.shape });
}

function checkReduction(options: LossOptions, name: string): Reduction {
  return checkOneOf(options.reduction ?? 'mean', `${name} reduction`, REDUCTIONS);
}

/**
 * Squared differences.
 *
 * @throws TypeError unless both are float32 of one shape
 * Counterpart: `torch.nn.functional.mse_loss`.
 */
export function mseLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkOptions(options, LOSS_OPTIONS, 'mseLoss');
  const reduction = checkReduction(options, 'mseLoss');
  checkPair(input, target, 'mseLoss');
  return scope(() => reduced(square(sub(input, target)), reduction));
}

/**
 * Absolute differences; the gradient is 0 where both are equal.
 *
 * @throws TypeError unless both are float32 of one shape
 * Counterpart: `torch.nn.functional.l1_loss`.
 */
export function l1Loss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkOptions(options, LOSS_OPTIONS, 'l1Loss');
  const reduction = checkReduction(options, 'l1Loss');
  checkPair(input, target, 'l1Loss');
  return scope(() => reduced(abs(sub(input, target)), reduction));
}

/** d^2 / 2 as far as `delta` from 0, and on in a straight line: m (|d| - m / 2), where m is |d|, at most delta. */
function huber(d: Tensor, delta: number): Tensor {
  const size = abs(d);
  const held = clamp(size, { max: delta });
  return mul(held, sub(size, mul(held, 0.5)));
}

/** Options of `smoothL1Loss`. */
export interface SmoothL1Options extends LossOptions {
  /** Where squares become straight lines, at least 0. Default 1; 0 is `l1Loss`. */
  beta?: number;
}

const SMOOTH_L1_OPTIONS: OptionNames<SmoothL1Options> = { ...LOSS_OPTIONS, beta: true };

/**
 * d^2 / (2 beta) where the difference d is less than `beta`, else |d| - beta / 2.
 *
 * @throws TypeError unless both are float32 of one shape and `beta` is at least 0
 * Counterpart: `torch.nn.functional.smooth_l1_loss`.
 */
export function smoothL1Loss(input: Tensor, target: Tensor, options: SmoothL1Options = {}): Tensor {
  checkOptions(options, SMOOTH_L1_OPTIONS, 'smoothL1Loss');
  const reduction = checkReduction(options, 'smoothL1Loss');
  const beta = checkNumber(options.beta ?? 1, 'smoothL1Loss beta', 0);
  checkPair(input, target, 'smoothL1Loss');
  return scope(() => {
    const d = sub(input, target);
    return reduced(beta === 0 ? abs(d) : mul(huber(d, beta), 1 / beta), reduction);
  });
}

/** Options of `huberLoss`. */
export interface HuberOptions extends LossOptions {
  /** Where squares become straight lines, above 0. Default 1. */
  delta?: number;
}

const HUBER_OPTIONS: OptionNames<HuberOptions> = { ...LOSS_OPTIONS, delta: true };

/**
 * d^2 / 2 where the difference d is at most `delta`, else delta (|d| - delta / 2).
 *
 * @throws TypeError unless both are float32 of one shape and `delta` is above 0
 * Source: Huber 1964. Counterpart: `torch.nn.functional.huber_loss`.
 */
export function huberLoss(input: Tensor, target: Tensor, options: HuberOptions = {}): Tensor {
  checkOptions(options, HUBER_OPTIONS, 'huberLoss');
  const reduction = checkReduction(options, 'huberLoss');
  const delta = checkNumber(options.delta ?? 1, 'huberLoss delta', Number.MIN_VALUE);
  checkPair(input, target, 'huberLoss');
  return scope(() => reduced(huber(sub(input, target), delta), reduction));
}

/** Options of `binaryCrossEntropyWithLogits`. */
export interface BCEOptions extends LossOptions {
  /** A factor of each loss, of a shape that broadcasts with theirs. */
  weight?: Tensor;
  /** A factor of what is said of positive targets, as `weight`: above 1 it favours recall. */
  posWeight?: Tensor;
}

const BCE_OPTIONS: OptionNames<BCEOptions> = { ...LOSS_OPTIONS, weight: true, posWeight: true };

/**
 * The cross-entropy of probabilities, sigmoid(logits), and targets in [0, 1].
 *
 * @throws TypeError unless logits and target are float32 of one shape, to which the weights broadcast
 * Counterpart: `torch.nn.functional.binary_cross_entropy_with_logits`.
 */
export function binaryCrossEntropyWithLogits(logits: Tensor, target: Tensor, options: BCEOptions = {}): Tensor {
  const name = 'binaryCrossEntropyWithLogits';
  checkOptions(options, BCE_OPTIONS, name);
  const reduction = checkReduction(options, name);
  checkPair(logits, target, name);
  const { weight, posWeight } = options;
  if (weight !== undefined) checkTensor(weight, `${name} weight`);
  if (posWeight !== undefined) checkTensor(posWeight, `${name} posWeight`);
  return scope(() => {
    // (1 - t) x - (1 + (w - 1) t) log sigmoid(x)
    const negative = sub(logits, mul(target, logits));
    const share = posWeight === undefined ? undefined : add(mul(sub(posWeight, 1), target), 1);
    const positive = logSigmoid(logits);
    const losses = sub(negative, share === undefined ? positive : mul(share, positive));
    const weighted = weight === undefined ? losses : mul(losses, weight);
    if (shapeText(weighted.shape) !== shapeText(logits.shape)) {
      throw expected(`weights that broadcast to ${shapeText(logits.shape)}`, name, weight ?? posWeight);
    }
    return reduced(weighted, reduction);
  });
}

/** Options of `klDiv`. */
export interface KLDivOptions {
  /** As other losses', or `'batchmean'`: the sum over the size of the first axis, the divergence itself. Default `'mean'`. */
  reduction?: Reduction | 'batchmean';
  /** Whether the target, too, is of log-probabilities. Default false. */
  logTarget?: boolean;
}

const KL_DIV_OPTIONS: OptionNames<KLDivOptions> = { reduction: true, logTarget: true };

/**
 * The Kullback-Leibler divergence of the target from what `input` holds the log-probabilities of: t (log t - input).
 *
 * @throws TypeError unless both are float32 of one shape
 * Counterpart: `torch.nn.functional.kl_div`.
 */
export function klDiv(input: Tensor, target: Tensor, options: KLDivOptions = {}): Tensor {
  checkOptions(options, KL_DIV_OPTIONS, 'klDiv');
  const reduction = checkOneOf(options.reduction ?? 'mean', 'klDiv reduction', [...REDUCTIONS, 'batchmean']);
  const logTarget = checkBoolean(options.logTarget ?? false, 'klDiv logTarget');
  checkPair(input, target, 'klDiv');
  if (reduction === 'batchmean' && input.rank === 0) throw expected('a tensor with axes', 'klDiv batchmean', input);
  return scope(() => {
    const losses = logTarget ? mul(exp(target), sub(target, input)) : sub(xlogy(target, target), mul(target, input));
    if (reduction !== 'batchmean') return reduced(losses, reduction);
    return div(sum(losses), input.shape[0]);
  });
}

/** Options of `nllLoss`. */
export interface NLLOptions extends LossOptions {
  /** A factor for each class, (classes). */
  weight?: Tensor;
  /** A label that is left out. Default -100. */
  ignoreIndex?: number;
}

const NLL_OPTIONS: OptionNames<NLLOptions> = { ...LOSS_OPTIONS, weight: true, ignoreIndex: true };

/**
 * -input[label] of log-probabilities: with `logSoftmax`, the cross-entropy. The mean is by weight.
 *
 * @param input (N,classes), (N,classes,d1,...) or (classes)
 * @param target class indices (N), (N,d1,...) or (), int32
 * @throws TypeError when the sizes do not go together. A label that is no class is found on the stream: the next read
 *   rejects with a StreamError that names this call.
 * Counterpart: `torch.nn.functional.nll_loss`.
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
  checkOptions(options, NLL_OPTIONS, name);
  const reduction = checkReduction(options, name);
  const ignoreIndex = checkInteger(options.ignoreIndex ?? -100, `${name} ignoreIndex`, -(2 ** 31), 2 ** 31 - 1);
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
