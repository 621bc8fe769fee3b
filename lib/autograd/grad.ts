import { checkArray, checkBoolean, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { empty, fill, type Tensor } from '../tensor.js';
import { ownedBy } from './accumulate.js';
import { checkDifferentiable, checkStart, refuseCreateGraph, startOf } from './arguments.js';
import { type Slot, Targets } from './targets.js';
import { walk } from './walk.js';

/** Options of `grad`. */
export interface GradOptions {
  /** The gradients of the final result with respect to each output, as `backward`'s. Default 1, for outputs of one element. */
  gradOutputs?: Tensor | readonly (Tensor | undefined)[];
  /** Whether the graph may be walked again: it keeps what it saved. Default false. */
  retainGraph?: boolean;
  /** Whether an input may have no part in the outputs: its gradient is null. Default false: that is an error. */
  allowUnused?: boolean;
  /** Whether an input that has no part in the outputs has a gradient of zeros instead. Default false. */
  materializeGrads?: boolean;
  /** Second derivatives are not computed: `true` throws. */
  createGraph?: false;
}

const GRAD_OPTIONS: OptionNames<GradOptions> = {
  gradOutputs: true,
  retainGraph: true,
  allowUnused: true,
  materializeGrads: true,
  createGraph: true,
};

/**
 * The gradients of outputs with respect to inputs, as new tensors, one for each input; several outputs' are added up.
 * No leaf's `grad` is touched, and only the parts of the graph that lead to the inputs are walked.
 *
 * @param inputs leaves or computed tensors
 * @returns float32 of each input's shape; they belong to the current scope
 * @throws TypeError when a tensor requires no gradient, or an option does not fit; Error when an input has no part in
 *   the outputs, or the graph was walked already without `retainGraph`
 * @example
 * const [dx] = grad(loss, [images]);
 * @see `torch.autograd.grad`
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options?: GradOptions & ({ allowUnused?: false } | { materializeGrads: true }),
): Tensor[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions,
): (Tensor | null)[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions = {},
): (Tensor | null)[] {
  checkOptions(options, GRAD_OPTIONS, 'grad');
  const { retainGraph = false, allowUnused = false, materializeGrads = false } = options;
  checkBoolean(retainGraph, 'grad retainGraph');
  checkBoolean(allowUnused, 'grad allowUnused');
  checkBoolean(materializeGrads, 'grad materializeGrads');
  refuseCreateGraph(options.createGraph, 'grad');
  const what = 'tensors that require gradients';
  const roots = checkDifferentiable(outputs, what, 'grad outputs', 'Set requiresGrad on what they are made of.');
  const wanted = checkDifferentiable(inputs, what, 'grad inputs', 'Set requiresGrad on it before it is used.');
  const starts = checkStarts(roots, options.gradOutputs);
  const targets = new Targets(true);
  try {
    const slots = wanted.map((input) => targets.add(input));
    const begin = roots.map((root, i) => ({ root, gradient: startOf(root, starts[i], 'grad') }));
    walk({ roots: begin, retainGraph, targets });
    if (!allowUnused && !materializeGrads) checkUsed(slots);
    return slots.map((slot, i) => resultOf(slot, wanted[i], materializeGrads));
  } finally {
    targets.dispose();
  }
}

/** The gradients to begin with, checked before there is any tensor. */
function checkStarts(roots: readonly Tensor[], given: GradOptions['gradOutputs']): readonly unknown[] {
  if (given === undefined) {
    for (const root of roots) checkStart(root, undefined, 'grad');
    return [];
  }
  const single = typeof given === 'object' && 'shape' in given;
  const starts = single ? [given] : checkArray(given, 'a gradient for each output', 'grad gradOutputs');
  if (starts.length !== roots.length) {
    throw expected(`${roots.length} gradients, one for each output,`, 'grad gradOutputs', given);
  }
  for (const [i, root] of roots.entries()) checkStart(root, starts[i], 'grad');
  return starts;
}

function checkUsed(slots: readonly Slot[]): void {
  const unused = slots.findIndex((slot) => slot.gradient === undefined);
  if (unused === -1) return;
  throw new Error(
    `Expected inputs that the outputs of grad are computed from but input ${unused} has no part in them. With allowUnused: true its gradient is null.`,
  );
}

/** A tensor of its own memory, in the scope of the caller. */
function resultOf({ gradient }: Slot, input: Tensor, materialize: boolean): Tensor | null {
  if (gradient === undefined) return materialize ? fill(empty(input.shape, input.dtype), 0) : null;
  const result = gradient.alias();
  return gradient.storage.holders > 2 ? ownedBy(result) : result; // the slot lets go of it
}
