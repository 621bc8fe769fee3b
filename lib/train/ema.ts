import { checkBoolean, checkInteger, checkNumber, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native } from '../native.js';
import { Module } from '../nn/module.js';
import { copyInto } from '../ops/copy.js';
import { tensor } from '../ops/creation.js';
import { scope, untracked } from '../scope.js';
import { noteModified } from '../stream.js';
import { empty, type Tensor } from '../tensor.js';

/** Options of `ModelEma`. */
export interface EmaOptions {
  /** The share of the average that an update keeps. Default 0.9999. */
  decay?: number;
  /** The least share while it warms up. Default 0. */
  minDecay?: number;
  /** Updates in which the average is the weights themselves. Default 0. */
  updateAfterStep?: number;
  /** Whether the share grows with the updates: 1 - (1 + n / warmupGamma) ^ -warmupPower. Default false. */
  warmup?: boolean;
  /** Default 1. */
  warmupGamma?: number;
  /** Default 2/3; 3/4 for fewer than a million steps. */
  warmupPower?: number;
}

const NAMES: OptionNames<EmaOptions> = {
  decay: true,
  minDecay: true,
  updateAfterStep: true,
  warmup: true,
  warmupGamma: true,
  warmupPower: true,
};

/**
 * The exponential moving average of a model's weights, and of all else in its state. The Trainer updates it after each
 * step and evaluates with it; in a loop of your own, call `update`.
 *
 * @throws TypeError for options out of range
 * @see Polyak and Juditsky 1992
 * @see `timm.utils.ModelEmaV3`
 */
export class ModelEma {
  /** Updates done. */
  updates = 0;
  readonly #options: Required<EmaOptions>;
  readonly #model: Module;
  readonly #averages = new Map<string, Tensor>();
  /** 1 - decay of the next update: an input of the native pass, so that a recorded step can be replayed. */
  readonly #weight: Tensor;

  constructor(model: Module, options: EmaOptions = {}) {
    this.#options = checkEma(options);
    if (!(model instanceof Module)) throw expected('a module', 'ModelEma', model);
    this.#model = model;
    untracked(() => {
      for (const [name, value] of floats(model)) {
        const average = empty(value.shape);
        copyInto(average, value);
        this.#averages.set(name, average);
      }
    });
    this.#weight = untracked(() => tensor([1]));
  }

  /** The share of the average that update number `update`, from 1, keeps. */
  decayAt(update: number): number {
    const { decay, minDecay, updateAfterStep, warmup, warmupGamma, warmupPower } = this.#options;
    const step = Math.max(0, update - updateAfterStep - 1);
    if (step <= 0) return 0;
    if (!warmup) return decay;
    return Math.max(Math.min(1 - (1 + step / warmupGamma) ** -warmupPower, decay), minDecay);
  }

  /** Moves the average towards the model's weights. */
  update(): void {
    this.advance();
    this.apply();
  }

  /** The first half of `update`: counts it and hands the decay to the stream. Outside a captured function. */
  advance(): void {
    this.updates++;
    this.#weight.set([1 - this.decayAt(this.updates)]);
  }

  /** The second half: enqueues the average's move; it stays where the Trainer's guard is not 0. */
  apply(/** @internal */ guard?: Tensor): void {
    const values = floats(this.#model);
    const averages = [...values.keys()].map((name) => this.#averages.get(name) as Tensor); // made of the same names
    const sources = [...values.values()];
    const counts = sources.map(({ size }) => size);
    native.lerpStep({ averages, values: sources, counts, weight: this.#weight, guard });
    for (const { storage } of averages) {
      storage.version++;
      noteModified(storage);
    }
  }

  /** The average by the names of the model's state: live tensors, not copies. */
  stateDict(): Map<string, Tensor> {
    return new Map(this.#averages);
  }

  /**
   * Runs `fn` while the model's weights are the average. What it enqueues, and nothing else, is of the average, whoever
   * uses the model meanwhile.
   *
   * @throws TypeError when `fn` is asynchronous
   */
  within<T>(fn: () => T): T {
    this.#exchange();
    try {
      return scope(fn);
    } finally {
      this.#exchange();
    }
  }

  /** Copies the average into the model. */
  copyToModel(): void {
    for (const [name, value] of floats(this.#model)) copyInto(value, this.#averages.get(name) as Tensor); // as above
  }

  #exchange(): void {
    scope(() => {
      for (const [name, value] of floats(this.#model)) {
        const average = this.#averages.get(name) as Tensor; // as above
        const held = empty(value.shape);
        copyInto(held, value);
        copyInto(value, average);
        copyInto(average, held);
      }
    });
  }

  /** Gives back the averages' memory. May be called twice. */
  dispose(): void {
    for (const average of this.#averages.values()) average.dispose();
    this.#weight.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** @internal Options with their defaults. */
export function checkEma(options: EmaOptions, where = 'ModelEma'): Required<EmaOptions> {
  checkOptions(options, NAMES, where);
  return {
    decay: checkNumber(options.decay ?? 0.9999, `${where} decay`, 0, 1),
    minDecay: checkNumber(options.minDecay ?? 0, `${where} minDecay`, 0, 1),
    updateAfterStep: checkInteger(options.updateAfterStep ?? 0, `${where} updateAfterStep`),
    warmup: checkBoolean(options.warmup ?? false, `${where} warmup`),
    warmupGamma: checkNumber(options.warmupGamma ?? 1, `${where} warmupGamma`, Number.MIN_VALUE),
    warmupPower: checkNumber(options.warmupPower ?? 2 / 3, `${where} warmupPower`, 0),
  };
}

function floats(model: Module): Map<string, Tensor> {
  const state = [...model.stateDict()].filter(([, { dtype }]) => dtype !== 'int32');
  // Steps of an average are smaller than what bfloat16 can tell apart.
  const half = state.find(([, { dtype }]) => dtype === 'bfloat16');
  if (half !== undefined) throw expected('a model of float32', 'ModelEma', half[1], `That is ${half[0]}.`);
  return new Map(state);
}
