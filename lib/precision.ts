import { checkOneOf, expected } from './check.js';
import { native } from './native.js';
import { callSynchronously } from './thenable.js';

/**
 * The precision of the factors of matrix products; sums, and all else, are float32. `'int8'` is for inference: linear
 * layers alone, the weight as whole numbers from -127 to 127 with a factor for each output, the input likewise with one
 * for each row, found as it comes.
 */
export type Precision = 'fp32' | 'bf16' | 'int8';

/** The precisions that models train in. */
export type TrainingPrecision = Exclude<Precision, 'int8'>;

let current: Precision = 'fp32';

/**
 * Runs `fn` with the products of linear layers, of attention and of the patch embedding, forward and in the backward of
 * what is recorded, on factors rounded to bfloat16; or with those of linear layers on whole numbers of 8 bits, for which
 * no gradient may be recorded. Weights, norms, softmax, residuals, reductions and the optimizer stay
 * float32, and so does attention on up to 32 keys, whose products take too little time to matter.
 *
 * @throws TypeError when `fn` is asynchronous: what comes after its first await would be of the old precision
 * @throws Error where bfloat16 products cannot be had: on a CPU without AVX512_BF16; and from `fn`, where a linear layer
 *   in 8 bits would be recorded
 * @see Micikevicius et al. 2018
 * @see `torch.autocast('cpu', torch.bfloat16)`
 * @example
 * const loss = autocast('bf16', () => F.crossEntropy(model.forward(images), labels));
 */
export function autocast<T>(precision: Precision, fn: () => T): T {
  checkPrecision(precision, 'autocast');
  const before = current;
  current = precision;
  try {
    return callSynchronously(fn, 'autocast');
  } finally {
    current = before;
  }
}

/** @internal Throws unless the precision can be had here. */
export function checkPrecision(precision: unknown, where: string): Precision {
  const checked = checkOneOf(precision, `${where} precision`, ['fp32', 'bf16', 'int8']);
  const reason = checked === 'bf16' ? native.whyNoBf16() : '';
  if (reason !== '') throw new Error(reason);
  return checked;
}

/** @internal As `checkPrecision`, for training. */
export function checkTrainingPrecision(precision: unknown, where: string): TrainingPrecision {
  const checked = checkPrecision(precision, where);
  if (checked !== 'int8') return checked;
  const advice = 'Train in one of those; evaluate and predict in int8.';
  throw expected("'fp32' or 'bf16'", `${where} precision`, precision, advice);
}

/** @internal The precision that ops called now work in. */
export function currentPrecision(): Precision {
  return current;
}
