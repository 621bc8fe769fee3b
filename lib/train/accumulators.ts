import type { Optimizer } from '../optim/optimizer.js';
import { untracked } from '../scope.js';
import { fill, type Tensor } from '../tensor.js';

/**
 * The gradients that several batches add up to. They lie at the same place from step to step, so that a recorded
 * backward can add to them; a parameter that backward never reached has none, and is not updated.
 */
export class Accumulators {
  readonly #optimizer: Optimizer;
  #held = new Map<Tensor, Tensor>();

  constructor(optimizer: Optimizer) {
    this.#optimizer = optimizer;
  }

  /** Begins a sum: at 0 where the same gradients come again, with nothing where what comes is not known. */
  begin(isKnown: boolean): void {
    if (isKnown) for (const sum of this.#held.values()) fill(sum, 0);
    else this.drop();
  }

  /** Puts the sums in `grad`, where backward adds to them, in the place of what others left there. */
  show(): void {
    this.#optimizer.zeroGrad();
    for (const [parameter, sum] of this.#held) {
      if (parameter.requiresGrad) parameter.grad = sum;
      else this.#forget(parameter, sum);
    }
  }

  /** Takes them back, those that are new among them: until the next batch, `grad` is anybody's. */
  take(): void {
    for (const parameter of this.#optimizer.parameters) {
      const { grad } = parameter;
      if (grad === null) continue;
      this.#held.set(parameter, grad);
      parameter.grad = null;
    }
  }

  /** Takes them back and leaves them to be seen. */
  takeAndLend(): void {
    this.take();
    for (const [parameter, sum] of this.#held) parameter.grad = untracked(() => sum.alias());
  }

  drop(): void {
    for (const sum of this.#held.values()) sum.dispose();
    this.#held = new Map();
  }

  #forget(parameter: Tensor, sum: Tensor): void {
    sum.dispose();
    this.#held.delete(parameter);
  }
}
