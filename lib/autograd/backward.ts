import { checkBoolean, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { untracked } from '../scope.js';
import { Tensor } from '../tensor.js';
import { addToGrad, ownedBy } from './accumulate.js';
import { checkDifferentiable, refuseCreateGraph, startOf } from './arguments.js';
import { Node } from './node.js';
import { Targets } from './targets.js';
import { walk } from './walk.js';

/** Options of `backward`. */
export interface BackwardOptions {
  /** The gradient of the final result with respect to the tensor, float32 of its shape. Default 1, for one element. */
  gradient?: Tensor;
  /** Whether the graph may be walked again: it keeps what it saved. Default false. */
  retainGraph?: boolean;
  /** The tensors, leaves or computed ones, to whose `grad` gradients are added; all others are left alone. Default: every leaf. */
  inputs?: readonly Tensor[];
  /** Second derivatives are not computed: `true` throws. */
  createGraph?: false;
}

const BACKWARD_OPTIONS: OptionNames<BackwardOptions> = {
  gradient: true,
  retainGraph: true,
  inputs: true,
  createGraph: true,
};

/**
 * Computes the gradients of `root` with respect to every leaf that requires one, and adds them to the leaves' `grad`.
 *
 * @param options or the gradient alone
 * @throws TypeError when `root` has several elements and no gradient is given, or an option does not fit; Error when it
 *   was walked already, without `retainGraph`, or what the graph saved was modified since
 * @see `torch.Tensor.backward`
 */
export function backward(root: Tensor, options?: Tensor | BackwardOptions): void {
  const where = 'backward()';
  const what = 'a result of tensors that require gradients';
  checkDifferentiable([root], what, where, 'Set requiresGrad on its inputs.');
  const { gradient, retainGraph = false, inputs } = optionsOf(options);
  checkBoolean(retainGraph, 'backward retainGraph');
  if (inputs === undefined) walk({ roots: [{ root, gradient: startOf(root, gradient, where) }], retainGraph });
  else backwardTo(root, checkInputs(inputs), gradient, retainGraph);
}

/**
 * @internal `backward(root)`, which hands out leaves as soon as their `grad` is whole, while those of older ops are not yet
 * computed: what is done with them must not change what the rest of the graph reads.
 */
export function backwardInTurn(root: Tensor, onWhole: (leaves: readonly Tensor[]) => void): void {
  const where = 'backward()';
  checkDifferentiable([root], 'a result of tensors that require gradients', where, 'Set requiresGrad on its inputs.');
  walk({ roots: [{ root, gradient: startOf(root, undefined, where) }], retainGraph: false, onWhole });
}

function optionsOf(given: unknown): BackwardOptions {
  if (given === undefined) return {};
  const options = typeof given === 'object' && given !== null && !(given instanceof Tensor);
  if (!options) return { gradient: given as Tensor }; // checked like any other gradient
  checkOptions(given as BackwardOptions, BACKWARD_OPTIONS, 'backward()');
  refuseCreateGraph((given as BackwardOptions).createGraph, 'backward()');
  return given;
}

function checkInputs(inputs: unknown): readonly Tensor[] {
  if (!Array.isArray(inputs)) throw expected('an array of tensors', 'backward inputs', inputs);
  return checkDifferentiable(inputs, 'tensors that require gradients', 'backward inputs', 'Set requiresGrad on it.');
}

function backwardTo(root: Tensor, inputs: readonly Tensor[], gradient: Tensor | undefined, retainGraph: boolean): void {
  const targets = new Targets(false);
  const slots = new Map(inputs.map((input) => [input, targets.add(input)]));
  try {
    walk({ roots: [{ root, gradient: startOf(root, gradient, 'backward()') }], retainGraph, targets });
    // What keeps its gradient anyhow has it by now.
    for (const [input, { gradient: arrived }] of slots) {
      if (arrived !== undefined && !keepsGrad(input)) untracked(() => addToGrad(input, arrived.alias()));
    }
  } finally {
    targets.dispose();
  }
  untracked(() => {
    for (const input of slots.keys()) if (input.grad !== null) input.grad = ownedBy(input.grad);
  });
}

function keepsGrad(tensor: Tensor): boolean {
  const { node, outputIndex } = tensor;
  return node instanceof Node && node.watchers?.get(outputIndex)?.keepers.includes(tensor) === true;
}
