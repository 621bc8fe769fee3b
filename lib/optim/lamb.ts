import { checkBoolean, checkNumber } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { type LambStep, native } from '../native.js';
import type { Tensor } from '../tensor.js';
import { checkBetas } from './betas.js';
import { MomentOptimizer } from './moments.js';
import type { Work } from './optimizer.js';
import type { ParameterGroup } from './parameter-group.js';

/** Options of `Lamb`. */
export interface LambOptions {
  /** Default 1e-3. */
  lr?: number;
  /** Decay rates of the two moments. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Default 1e-6. */
  eps?: number;
  /** Added to the update before that is scaled. Default 0.01. */
  weightDecay?: number;
  /** Whether moments are corrected for having begun at 0. Default true. */
  biasCorrection?: boolean;
  /** Whether a gradient's share of the first moment is 1 - beta1 and not 1. Default true. */
  gradAveraging?: boolean;
  /** The norm that all gradients together are cut to; 0 for none. Default 1. */
  maxGradNorm?: number;
  /** Whether no parameter goes further than its rate says (LAMBC). Default false. */
  trustClip?: boolean;
  /** Whether parameters that do not decay are adapted, too. Default false. */
  alwaysAdapt?: boolean;
}

const OPTIONS: OptionNames<LambOptions> = {
  lr: true,
  betas: true,
  eps: true,
  weightDecay: true,
  biasCorrection: true,
  gradAveraging: true,
  maxGradNorm: true,
  trustClip: true,
  alwaysAdapt: true,
};

/** What the native step takes besides what all optimizers' do. */
type Settings = Omit<LambStep, keyof Work | 'firstMoments' | 'secondMoments'>;

/**
 * Adam whose steps are, for each parameter, in proportion to its norm: for large batches.
 *
 * @throws TypeError for options out of range
 * @see You et al. 2020
 * @see `timm.optim.Lamb`
 */
export class Lamb extends MomentOptimizer {
  readonly #settings: Settings;

  constructor(params: readonly Tensor[] | readonly ParameterGroup[], options: LambOptions = {}) {
    checkOptions(options, OPTIONS, 'Lamb');
    const flag = (name: 'biasCorrection' | 'gradAveraging' | 'trustClip' | 'alwaysAdapt', usual: boolean) =>
      checkBoolean(options[name] ?? usual, `Lamb ${name}`);
    const [beta1, beta2] = checkBetas(options.betas ?? [0.9, 0.999], 'Lamb');
    const settings = {
      beta1,
      beta2,
      eps: checkNumber(options.eps ?? 1e-6, 'Lamb eps', 0),
      maxGradNorm: checkNumber(options.maxGradNorm ?? 1, 'Lamb maxGradNorm', 0),
      biasCorrection: flag('biasCorrection', true),
      gradAveraging: flag('gradAveraging', true),
      trustClip: flag('trustClip', false),
      alwaysAdapt: flag('alwaysAdapt', false),
    };
    super('Lamb', params, options.lr ?? 1e-3, options.weightDecay ?? 0.01);
    this.#settings = settings;
  }

  /** @internal */
  override get readsAllGradients(): boolean {
    return this.#settings.maxGradNorm > 0;
  }

  protected update(work: Work): void {
    native.lambStep({ ...this.withMoments(work), ...this.#settings });
  }
}
