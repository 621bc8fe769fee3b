import type { Tensor } from '../tensor.js';

/** What an op's file writes to be differentiated; the walk reads it. */

/** Where an op's gradient rule leaves the gradients of its inputs. */
export interface Gradients {
  /** Whether input `i` needs a gradient. */
  wants(i: number): boolean;
  /** The tensor to write input `i`'s gradient to; with `accumulate`, to add it to. Another one for each input. */
  target(i: number): { grad: Tensor; accumulate: boolean };
  /** Says that input `i`'s gradient is `grad`, a tensor of the input's size whose memory is then shared. */
  pass(i: number, grad: Tensor): void;
  /** A tensor of the memory of `source` that leads where input `i` leads. */
  again(i: number, source: Tensor): Tensor;
  /** Goes on with the walk above `root`, newer than all nodes so far, whose gradient is `grad`. */
  enter(root: Tensor, grad: Tensor): void;
}

/** The gradients of an op's outputs, in; what it saved; the gradients of its inputs, out. */
export type GradientRule = (dys: readonly (Tensor | undefined)[], grads: Gradients, saved: readonly Tensor[]) => void;

/** How an op makes its first output again, bit for bit, from some of what it saved. */
export interface Remake {
  /** Which of the saved tensors. */
  from: readonly number[];
  /** Which of them is that output itself, where the op's own rule reads it: it is made once for all that need it. */
  own?: number;
  make(sources: readonly Tensor[]): Tensor;
}
