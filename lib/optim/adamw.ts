import { checkNumber, expected } from '../check.js';
import { native } from '../native.js';
import type { Tensor } from '../tensor.js';
import { Optimizer, type ParameterGroup, type Work } from './optimizer.js';

/** Options of `AdamW`. */
export interface AdamWOptions {
  /** Default 1e-3. */
  lr?: number;
  /** Decay rates of the two moments. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Default 1e-8. */
  eps?: number;
  /** Decoupled. Default 0.01. */
  weightDecay?: number;
}

/**
 * Adam with decoupled weight decay: PyTorch's update exactly.
 *
 * @throws TypeError for options out of range
 * Source: Loshchilov and Hutter 2019. Counterpart: `torch.optim.AdamW`.
 */
export class AdamW extends Optimizer {
  readonly #betas: readonly [number, number];
  readonly #eps: number;

  constructor(params: readonly Tensor[] | readonly ParameterGroup[], options: AdamWOptions = {}) {
    super('AdamW', params, options.lr ?? 1e-3, options.weightDecay ?? 0.01);
    this.#betas = options.betas ?? [0.9, 0.999];
    for (const beta of this.#betas) {
      if (checkNumber(beta, 'AdamW betas', 0) >= 1) throw expected('numbers below 1', 'AdamW betas', this.#betas);
    }
    this.#eps = checkNumber(options.eps ?? 1e-8, 'AdamW eps', 0);
  }

  protected get stateNames(): readonly string[] {
    return ['firstMoment', 'secondMoment'];
  }

  protected update(work: Work): void {
    native.adamwStep(
      work.parameters,
      work.members.map((i) => this.state(i, 'firstMoment').handle),
      work.members.map((i) => this.state(i, 'secondMoment').handle),
      work.gradients,
      work.counts,
      work.lrScales,
      work.weightDecays,
      work.inputs,
      work.gradientScale,
      ...this.#betas,
      this.#eps,
    );
  }
}
