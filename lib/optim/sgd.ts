import { checkBoolean, checkNumber, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native } from '../native.js';
import type { Tensor } from '../tensor.js';
import { Optimizer, type Work } from './optimizer.js';
import type { ParameterGroup } from './parameter-group.js';

/** Options of `SGD`. */
export interface SGDOptions {
  /** Learning rate. */
  lr: number;
  /** Default 0. */
  momentum?: number;
  /** Default 0. */
  dampening?: number;
  /** L2 penalty, added to the gradient. Default 0. */
  weightDecay?: number;
  /** Default false. */
  nesterov?: boolean;
}

const OPTIONS: OptionNames<SGDOptions> = {
  lr: true,
  momentum: true,
  dampening: true,
  weightDecay: true,
  nesterov: true,
};

/**
 * Stochastic gradient descent: PyTorch's update exactly.
 *
 * @throws TypeError for options out of range
 * @see Sutskever et al. 2013 (momentum)
 * @see `torch.optim.SGD`
 */
export class SGD extends Optimizer {
  readonly #momentum: number;
  readonly #dampening: number;
  readonly #nesterov: boolean;

  constructor(params: readonly Tensor[] | readonly ParameterGroup[], options: SGDOptions) {
    checkOptions(options, OPTIONS, 'SGD');
    const momentum = checkNumber(options?.momentum ?? 0, 'SGD momentum', 0);
    const dampening = checkNumber(options?.dampening ?? 0, 'SGD dampening');
    const nesterov = checkBoolean(options?.nesterov ?? false, 'SGD nesterov');
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw expected('momentum, and no dampening', 'SGD nesterov', options);
    }
    super('SGD', params, options?.lr, options?.weightDecay ?? 0);
    this.#momentum = momentum;
    this.#dampening = dampening;
    this.#nesterov = nesterov;
  }

  protected get stateNames(): readonly string[] {
    return this.#momentum === 0 ? [] : ['momentum'];
  }

  protected update(work: Work): void {
    const momentum = this.#momentum === 0 ? [] : work.members.map((i) => this.state(i, 'momentum'));
    const { parameters, counts, inputs } = work;
    const factors = { momentumFactor: this.#momentum, dampening: this.#dampening, nesterov: this.#nesterov };
    native.sgdStep({ parameters, momentum, counts, inputs, ...factors });
  }
}
