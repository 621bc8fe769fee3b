import { checkOneOf, expected } from './check.js';
import { native } from './native.js';
import { PRECISIONS, type Precision, type PrecisionChoice } from './precision-names.js';
import { callSynchronously } from './thenable.js';
import { warnOnce } from './warning.js';

export type { Precision, PrecisionChoice, TrainingPrecision } from './precision-names.js';

let current: Precision = 'fp32';

/**
 * Runs `fn` with the products of linear layers, attention, convolutions and `matmul`, forward and in the backward of what
 * is recorded, on factors rounded to bfloat16, sums being float32, and with their results stored as bfloat16; a linear
 * layer's with a residual is of the residual's dtype. What a ViT's or a Swin's blocks hand on, and its gradient, is stored
 * so as well, each sum computed in float32 and rounded once, where PyTorch's autocast leaves it float32. Weights, norms,
 * softmax, logits, losses, reductions and the optimizer stay float32. Attention on up to 32 keys, whose products take too little time to matter,
 * multiplies in float32. Where the CPU is no faster so, a warning says it once. In `'int8'` it is linear layers alone that
 * multiply whole numbers of 8 bits, and no gradient of them may be recorded.
 *
 * @param precision `'auto'` is whichever this CPU is faster in
 * @throws TypeError when `fn` is asynchronous: what comes after its first await would be of the old precision
 * @throws Error from `fn`, where a linear layer in 8 bits would be recorded
 * @see Micikevicius et al. 2018
 * @see `torch.autocast('cpu', torch.bfloat16)`
 * @example
 * const loss = autocast('bf16', () => F.crossEntropy(model.forward(images), labels));
 */
export function autocast<T>(precision: PrecisionChoice, fn: () => T): T {
  const chosen = checkPrecision(precision, 'autocast');
  const before = current;
  current = chosen;
  try {
    return callSynchronously(fn, 'autocast');
  } finally {
    current = before;
  }
}

/** @internal The precision that is asked for; warns, once, where it is slower than float32 here. */
export function checkPrecision(precision: unknown, where: string): Precision {
  const checked = checkOneOf(precision, `${where} precision`, PRECISIONS);
  if (checked === 'auto') return fasterPrecision();
  if (checked === 'bf16' && slowBf16() !== '') warnOnce(slowBf16());
  return checked;
}

/** @internal As `checkPrecision`, for training. */
export function checkTrainingPrecision(precision: unknown, where: string): Exclude<Precision, 'int8'> {
  const checked = checkPrecision(precision, where);
  if (checked !== 'int8') return checked;
  const advice = 'Train in one of those; evaluate and predict in int8.';
  throw expected("'fp32', 'bf16' or 'auto'", `${where} precision`, precision, advice);
}

/** @internal The precision in which this CPU multiplies faster, by what it is: the same on every run. */
export function fasterPrecision(): 'fp32' | 'bf16' {
  return slowBf16() === '' ? 'bf16' : 'fp32';
}

/** @internal Why this CPU is no faster with bfloat16, in one sentence; empty where it is. */
export function slowBf16(): string {
  const { model, isa } = native.cpu();
  // vdpbf16ps has half the rate of float32's multiply-adds on Intel's (docs/architecture.md), AMX's tiles eight times it.
  const isFast = native.whyNoBf16() === '' && (/^amx/.test(isa) || !/Intel/.test(model));
  if (isFast) return '';
  const lacking =
    native.whyNoBf16() ||
    `Expected a CPU that multiplies bfloat16 faster than float32 for precision 'bf16' but ${model} does not.`;
  return `${lacking} It computes the same in more time: use precision: 'fp32', or 'auto'.`;
}

/** @internal What the results of products are stored as now. */
export function productDtype(): 'float32' | 'bfloat16' {
  return current === 'bf16' ? 'bfloat16' : 'float32';
}

/** @internal The precision that ops called now work in. */
export function currentPrecision(): Precision {
  return current;
}
