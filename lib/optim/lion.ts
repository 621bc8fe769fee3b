import { checkOptions, type OptionNames } from '../check-options.js';
import { native } from '../native.js';
import type { Tensor } from '../tensor.js';
import { checkBetas } from './betas.js';
import { Optimizer, type Work } from './optimizer.js';
import type { ParameterGroup } from './parameter-group.js';

/** Options of `Lion`. */
export interface LionOptions {
  /** Default 1e-4. */
  lr?: number;
  /** Weights of the momentum in a step, and in what is kept of it. Default [0.9, 0.99]. */
  betas?: readonly [number, number];
  /** Decoupled. Default 0. */
  weightDecay?: number;
}

const OPTIONS: OptionNames<LionOptions> = { lr: true, betas: true, weightDecay: true };

/**
 * Steps of the same length in every parameter, by the sign of the momentum; one state a parameter. Wants rates 3 to 10
 * times lower than AdamW's, and weight decays as much higher.
 *
 * @throws TypeError for options out of range
 * @see Chen et al. 2023
 * @see `timm.optim.Lion`
 */
export class Lion extends Optimizer {
  readonly #betas: readonly [number, number];

  constructor(params: readonly Tensor[] | readonly ParameterGroup[], options: LionOptions = {}) {
    checkOptions(options, OPTIONS, 'Lion');
    const betas = checkBetas(options.betas ?? [0.9, 0.99], 'Lion');
    super('Lion', params, options.lr ?? 1e-4, options.weightDecay ?? 0);
    this.#betas = betas;
  }

  protected get stateNames(): readonly string[] {
    return ['momentum'];
  }

  protected update(work: Work): void {
    const { members, parameters, counts, inputs } = work;
    const momentum = members.map((i) => this.state(i, 'momentum'));
    const [beta1, beta2] = this.#betas;
    native.lionStep({ parameters, momentum, counts, inputs, beta1, beta2 });
  }
}
