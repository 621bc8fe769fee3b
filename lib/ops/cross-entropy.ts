import { needsGrad, record } from '../autograd.js';
import { checkNumber, checkOneOf, expected, sizeOf, Text } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native, REDUCTION, type Reduction } from '../native.js';
import { scope } from '../scope.js';
import { noteSite } from '../stream.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { checkIgnoreIndex } from './loss-options.js';
import { reshape } from './reshape.js';
import { movedim } from './transpose.js';

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions {
  /** How much each class counts, (classes). The mean is by the weights of the labels. Default: all the same. */
  weight?: Tensor;
  /** The share of probability spread over all classes, in [0, 1]. Default 0. */
  labelSmoothing?: number;
  /** Mean over the samples that count, sum, or a loss each. Default `'mean'`. */
  reduction?: Reduction;
  /** A label that is left out. Default -100. */
  ignoreIndex?: number;
}

const OPTIONS: OptionNames<CrossEntropyOptions> = {
  weight: true,
  labelSmoothing: true,
  reduction: true,
  ignoreIndex: true,
};

type Settings = Required<Omit<CrossEntropyOptions, 'weight'>>;

/** @internal The options with their defaults, checked. */
export function checkCrossEntropy(options: CrossEntropyOptions, where: string): Settings {
  checkOptions(options, OPTIONS, where);
  if (options.weight !== undefined) checkTensor(options.weight, `${where} weight`, { minRank: 1 });
  return {
    labelSmoothing: checkNumber(options.labelSmoothing ?? 0, `${where} labelSmoothing`, 0, 1),
    reduction: checkOneOf(options.reduction ?? 'mean', `${where} reduction`, ['none', 'mean', 'sum']),
    ignoreIndex: checkIgnoreIndex(options.ignoreIndex, where),
  };
}

function checkProbabilities(target: Tensor, shape: readonly number[], { ignoreIndex }: CrossEntropyOptions): void {
  checkTensor(target, 'crossEntropy target probabilities', { shape });
  if (ignoreIndex !== undefined) {
    throw expected(
      'no ignoreIndex',
      'crossEntropy on target probabilities',
      ignoreIndex,
      'Only labels can be left out.',
    );
  }
  // PyTorch differentiates with respect to them; here they would come out as constants.
  if (needsGrad(target)) {
    throw expected(
      'target probabilities without gradient',
      'crossEntropy',
      new Text('some with requiresGrad'),
      'Compute them inside noGrad().',
    );
  }
}

function checkWeight(weight: Tensor | undefined, classes: number): void {
  if (weight === undefined) return;
  checkTensor(weight, 'crossEntropy weight', { shape: [classes] });
  // PyTorch has no gradient for them either, and says nothing.
  if (needsGrad(weight)) throw expected('a weight without gradient', 'crossEntropy', new Text('one with requiresGrad'));
}

/**
 * Softmax and negative log-likelihood in one, with its gradient.
 *
 * @param logits (N,classes), (N,classes,d1,...) or (classes)
 * @param target class indices (N), (N,d1,...) or () int32, or probabilities of the shape of `logits`, float32
 * @returns one element, or of the shape of class indices with `reduction: 'none'`
 * @throws TypeError when the sizes do not go together, or for target probabilities or weights that require a gradient. A
 *   label that is no class is found on the stream: the next read rejects with a StreamError that names this call.
 * @see `torch.nn.functional.cross_entropy`
 */
export function crossEntropy(logits: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const settings = checkCrossEntropy(options, 'crossEntropy');
  checkTensor(logits, 'crossEntropy logits', { minRank: 1, letters: '(N,classes,...)' });
  const isOne = logits.rank === 1;
  const [batch, classes, ...rest] = isOne ? [1, logits.shape[0]] : (logits.shape as readonly [number, number]);
  const labelled = isOne ? [] : [batch, ...rest];
  const soft = target?.dtype === 'float32';
  if (soft) checkProbabilities(target, logits.shape, options);
  else checkTensor(target, 'crossEntropy target labels', { dtype: 'int32', shape: labelled });
  if (classes === 0) throw expected('at least one class', 'crossEntropy logits', logits);
  const { weight } = options;
  checkWeight(weight, classes);
  if (logits.rank === 2) return ofRows(logits, target, weight, settings);
  const rows = sizeOf(labelled);
  const asRows = (x: Tensor): Tensor => reshape(isOne ? x : movedim(x, 1, -1), [rows, classes]);
  return scope(() => {
    const loss = ofRows(asRows(logits), soft ? asRows(target) : reshape(target, [rows]), weight, settings);
    return settings.reduction === 'none' ? reshape(loss, labelled) : loss;
  });
}

/** Of logits (rows,classes) and what goes with them. */
function ofRows(logits: Tensor, target: Tensor, weight: Tensor | undefined, settings: Settings): Tensor {
  const { labelSmoothing: smoothing, reduction: reductionName, ignoreIndex } = settings;
  const [rows, classes] = logits.shape as [number, number]; // two axes
  const soft = target.dtype === 'float32';
  const reduction = REDUCTION[reductionName];
  const loss = empty(reductionName === 'none' ? [rows] : []);
  const softmax = empty([2, rows]);
  const operands = (labels: Tensor) => (soft ? { labels: undefined, target: labels } : { labels, target: undefined });
  const sizes = { rows, classes, smoothing, ignoreIndex, reduction };
  const site = noteSite('crossEntropy');
  native.crossEntropyForward({ loss, softmax, logits, ...operands(target), weight, ...sizes, site });
  const saved = weight === undefined ? [logits, target, softmax] : [logits, target, softmax, weight];
  record('crossEntropy', loss, [logits], saved, (dy, grads, kept) => {
    const [sLogits, sTarget, sSoftmax, sWeight] = kept as [Tensor, Tensor, Tensor, Tensor?]; // as saved
    const dlogits = empty(sLogits.shape);
    const given = { dloss: dy, softmax: sSoftmax, logits: sLogits };
    native.crossEntropyBackward({ dlogits, ...given, ...operands(sTarget), weight: sWeight, ...sizes });
    grads.pass(0, dlogits);
    dlogits.dispose();
  });
  softmax.dispose();
  return loss;
}
