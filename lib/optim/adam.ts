import { checkNumber } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native } from '../native.js';
import type { Tensor } from '../tensor.js';
import { checkBetas } from './betas.js';
import { MomentOptimizer } from './moments.js';
import type { Work } from './optimizer.js';
import type { ParameterGroup } from './parameter-group.js';

/** Options of `Adam`. */
export interface AdamOptions {
  /** Default 1e-3. */
  lr?: number;
  /** Decay rates of the two moments. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Default 1e-8. */
  eps?: number;
  /** L2 penalty, added to the gradient. Default 0. */
  weightDecay?: number;
}

const OPTIONS: OptionNames<AdamOptions> = { lr: true, betas: true, eps: true, weightDecay: true };

/** Adam in both kinds: with its decay in the gradient, or beside it. For `Adam` and `AdamW` alone. */
export abstract class AdamBase extends MomentOptimizer {
  readonly #betas: readonly [number, number];
  readonly #eps: number;
  readonly #decoupled: boolean;

  protected constructor(
    name: string,
    params: readonly Tensor[] | readonly ParameterGroup[],
    options: AdamOptions,
    { decoupled, weightDecay }: { decoupled: boolean; weightDecay: number },
  ) {
    checkOptions(options, OPTIONS, name);
    const betas = checkBetas(options.betas ?? [0.9, 0.999], name);
    const eps = checkNumber(options.eps ?? 1e-8, `${name} eps`, 0);
    super(name, params, options.lr ?? 1e-3, options.weightDecay ?? weightDecay);
    this.#betas = betas;
    this.#eps = eps;
    this.#decoupled = decoupled;
  }

  protected update(work: Work): void {
    const [beta1, beta2] = this.#betas;
    const settings = { beta1, beta2, eps: this.#eps, decoupled: this.#decoupled };
    native.adamStep({ ...this.withMoments(work), ...settings });
  }
}

/**
 * Adam, with its weight decay as a part of the gradient: PyTorch's update exactly.
 *
 * @throws TypeError for options out of range
 * @see Kingma and Ba 2015
 * @see `torch.optim.Adam`
 */
export class Adam extends AdamBase {
  constructor(params: readonly Tensor[] | readonly ParameterGroup[], options: AdamOptions = {}) {
    super('Adam', params, options, { decoupled: false, weightDecay: 0 });
  }
}
