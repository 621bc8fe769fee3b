import { needsGrad, record } from '../autograd.js';
import { checkInteger, checkNumber, checkOneOf, expected, Text } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native, REDUCTION, type Reduction } from '../native.js';
import { noteSite } from '../stream.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions {
  /** The share of probability spread over all classes, in [0, 1]. Default 0. */
  labelSmoothing?: number;
  /** Mean over the samples that count, sum, or a loss each. Default `'mean'`. */
  reduction?: Reduction;
  /** A label that is left out. Default -100. */
  ignoreIndex?: number;
}

const OPTIONS: OptionNames<CrossEntropyOptions> = { labelSmoothing: true, reduction: true, ignoreIndex: true };

/** @internal The options with their defaults, checked. */
export function checkCrossEntropy(options: CrossEntropyOptions, where: string): Required<CrossEntropyOptions> {
  checkOptions(options, OPTIONS, where);
  return {
    labelSmoothing: checkNumber(options.labelSmoothing ?? 0, `${where} labelSmoothing`, 0, 1),
    reduction: checkOneOf(options.reduction ?? 'mean', `${where} reduction`, ['none', 'mean', 'sum']),
    ignoreIndex: checkInteger(options.ignoreIndex ?? -100, `${where} ignoreIndex`, -(2 ** 31), 2 ** 31 - 1),
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

/**
 * Softmax and negative log-likelihood in one, with its gradient.
 *
 * @param logits (N,classes)
 * @param target class indices (N) int32, or probabilities (N,classes) float32
 * @returns one element, or (N) with `reduction: 'none'`
 * @throws TypeError when the sizes do not go together, or for target probabilities that require a gradient. A label that is no class is found on the stream: the next read
 *   rejects with a StreamError that names this call.
 * Counterpart: `torch.nn.functional.cross_entropy`.
 */
export function crossEntropy(logits: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const checked = checkCrossEntropy(options, 'crossEntropy');
  const { labelSmoothing: smoothing, reduction: reductionName, ignoreIndex } = checked;
  checkTensor(logits, 'crossEntropy logits', { rank: 2, letters: '(N,classes)' });
  const [rows, classes] = logits.shape as [number, number]; // two axes
  const soft = target?.dtype === 'float32';
  if (soft) checkProbabilities(target, [rows, classes], options);
  else checkTensor(target, 'crossEntropy target labels', { dtype: 'int32', shape: [rows] });
  if (classes === 0) throw expected('at least one class', 'crossEntropy logits', logits);

  const reduction = REDUCTION[reductionName];
  const loss = empty(reductionName === 'none' ? [rows] : []);
  const softmax = empty([2, rows]);
  const operands = (labels: Tensor) => (soft ? { labels: undefined, target: labels } : { labels, target: undefined });
  const settings = { rows, classes, smoothing, ignoreIndex, reduction };
  const site = noteSite('crossEntropy');
  native.crossEntropyForward({ loss, softmax, logits, ...operands(target), ...settings, site });
  record('crossEntropy', loss, [logits], [logits, target, softmax], (dy, grads, saved) => {
    const [sLogits, sTarget, sSoftmax] = saved as [Tensor, Tensor, Tensor]; // as saved
    const dlogits = empty(sLogits.shape);
    const given = { dloss: dy, softmax: sSoftmax, logits: sLogits };
    native.crossEntropyBackward({ dlogits, ...given, ...operands(sTarget), ...settings });
    grads.pass(0, dlogits);
    dlogits.dispose();
  });
  softmax.dispose();
  return loss;
}
