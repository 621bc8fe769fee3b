import { checkNumber, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
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

const OPTIONS: OptionNames<AdamWOptions> = { lr: true, betas: true, eps: true, weightDecay: true };

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
    checkOptions(options, OPTIONS, 'AdamW');
    const betas = options.betas ?? [0.9, 0.999];
    if (!Array.isArray(betas) || betas.length !== 2) throw expected('two numbers', 'AdamW betas', betas);
    for (const beta of betas) {
      if (checkNumber(beta, 'AdamW betas', 0) >= 1) throw expected('numbers below 1', 'AdamW betas', betas);
    }
    const eps = checkNumber(options.eps ?? 1e-8, 'AdamW eps', 0);
    super('AdamW', params, options.lr ?? 1e-3, options.weightDecay ?? 0.01);
    this.#betas = [...betas] as [number, number]; // two, checked above; the array is the caller's
    this.#eps = eps;
  }

  protected get stateNames(): readonly string[] {
    return ['firstMoment', 'secondMoment'];
  }

  protected update(work: Work): void {
    native.adamwStep(
      work.parameters,
      work.members.map((i) => this.state(i, 'firstMoment').handle),
      work.members.map((i) => this.state(i, 'secondMoment').handle),
      work.steps,
      work.gradients,
      work.counts,
      work.lrScales,
      work.weightDecays,
      work.learningRate,
      work.members,
      work.gradientScale,
      ...this.#betas,
      this.#eps,
    );
  }
}
