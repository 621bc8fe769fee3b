import { checkFunction, checkInteger, checkNumber, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { tensor } from '../ops/creation.js';
import { randomState, setRandomState } from '../ops/random.js';
import { scope } from '../scope.js';
import type { Tensor, TensorData } from '../tensor.js';
import type { TrainerCallback } from './callbacks.js';
import { NonFiniteLossError } from './non-finite.js';
import { Trainer } from './trainer.js';
import type { TrainerOptions } from './trainer-options.js';

/** Options of `findLr`. */
export interface FindLrOptions {
  /** Default 1e-7. */
  startLr?: number;
  /** Default 10. */
  endLr?: number;
  /** Steps from one to the other. Default 100. */
  steps?: number;
  /** Ends where the loss is so many times the least so far. Default 4. */
  stopAt?: number;
  /** After each step. Awaited. */
  onStep?: (step: LrStep) => unknown;
}

/** A step of `findLr`. */
export interface LrStep {
  /** From 1. */
  readonly step: number;
  /** Steps in all. */
  readonly steps: number;
  /** Of the step. */
  readonly learningRate: number;
  /** Smoothed. */
  readonly loss: number;
}

const NAMES: OptionNames<FindLrOptions> = { startLr: true, endLr: true, steps: true, stopAt: true, onStep: true };

/** What `findLr` found. */
export interface LrFinding {
  /** The rates tried, and the smoothed loss after each: for a plot, rates on a logarithmic axis. */
  readonly lrs: readonly number[];
  /** The smoothed loss at each of `learningRates`. */
  readonly losses: readonly number[];
  /** A third into the longest valley of the curve: the one to take. Undefined where there were too few steps. */
  readonly valley: number | undefined;
  /** Where the curve falls most steeply. */
  readonly steep: number | undefined;
}

/**
 * Trains while the learning rate rises from next to nothing until the loss explodes, and suggests a rate. The model, the
 * optimizer and the random generator are left as they were.
 *
 * @param training as for `Trainer`; its epochs, schedule, checkpoints and callbacks do not count
 * @throws TypeError for options out of range; as `Trainer` and `fit`
 * @see Smith 2017
 * @see fastai's `lr_find`
 * @example
 * const { valley } = await findLr({ model, optimizer, train, batchSize: 64, epochs: 1 });
 */
export async function findLr(training: TrainerOptions, options: FindLrOptions = {}): Promise<LrFinding> {
  checkOptions(options, NAMES, 'findLr');
  const startLr = checkNumber(options.startLr ?? 1e-7, 'findLr startLr', Number.MIN_VALUE);
  const endLr = checkNumber(options.endLr ?? 10, 'findLr endLr', startLr);
  const steps = checkInteger(options.steps ?? 100, 'findLr steps', 1);
  const stopAt = checkNumber(options.stopAt ?? 4, 'findLr stopAt', 1);
  if (typeof training !== 'object' || training === null) throw expected("a Trainer's options", 'findLr', training);
  if (options.onStep !== undefined) checkFunction(options.onStep, 'findLr onStep');
  const curve = new Curve(steps, stopAt, options.onStep);
  const { test, validationSplit, checkpoints, resume, onEpoch, onProgress, earlyStopping, ...rest } = training;
  const trainer = new Trainer({
    ...rest,
    epochs: steps, // of a batch at least
    schedule: (step) => startLr * (endLr / startLr) ** (step / steps),
    callbacks: [curve],
  });
  const { model, optimizer } = training;
  const before = await Promise.all([read(model.stateDict()), read(optimizer.stateDict()), randomState()]);
  const lr = optimizer.lr;
  try {
    await trainer.fit();
  } catch (error) {
    if (!(error instanceof NonFiniteLossError)) throw error;
  } finally {
    scope(() => {
      model.loadStateDict(write(before[0]));
      optimizer.loadStateDict(write(before[1]));
    });
    setRandomState(before[2]);
    optimizer.lr = lr;
  }
  return curve.finding();
}

type Values = Map<string, { data: TensorData; shape: readonly number[] }>;

async function read(state: ReadonlyMap<string, Tensor>): Promise<Values> {
  const reads = [...state.values()].map((value) => value.data()); // all of one moment
  const data = await Promise.all(reads);
  return new Map([...state].map(([name, { shape }], i) => [name, { data: data[i], shape }]));
}

function write(values: Values): Map<string, Tensor> {
  return new Map([...values].map(([name, { data, shape }]) => [name, tensor(data, shape)]));
}

/** The losses of rising rates, smoothed as fastai does. */
class Curve implements TrainerCallback {
  readonly #steps: number;
  readonly #stopAt: number;
  readonly #onStep: FindLrOptions['onStep'];
  readonly #lrs: number[] = [];
  readonly #losses: number[] = [];
  #sum = 0;
  #least = Number.POSITIVE_INFINITY;

  constructor(steps: number, stopAt: number, onStep: FindLrOptions['onStep']) {
    this.#onStep = onStep;
    this.#steps = steps;
    this.#stopAt = stopAt;
  }

  onStepEnd: NonNullable<TrainerCallback['onStepEnd']> = (state, { loss, learningRate }) => {
    const beta = 0.98;
    this.#sum = beta * this.#sum + (1 - beta) * loss;
    const smoothed = this.#sum / (1 - beta ** (this.#losses.length + 1));
    this.#lrs.push(learningRate);
    this.#losses.push(smoothed);
    this.#least = Math.min(this.#least, smoothed);
    if (smoothed > this.#stopAt * this.#least || state.globalStep >= this.#steps) state.stop();
    return this.#onStep?.({ step: state.globalStep, steps: this.#steps, learningRate, loss: smoothed });
  };

  finding(): LrFinding {
    // What comes before the curve, and where it explodes, is left out.
    const lrs = this.#lrs.slice(Math.floor(this.#steps / 10), -5);
    const losses = this.#losses.slice(Math.floor(this.#steps / 10), -5);
    return { lrs: this.#lrs, losses: this.#losses, valley: valleyOf(lrs, losses), steep: steepestOf(lrs, losses) };
  }
}

/** @internal fastai's `valley`: of the longest falling subsequence, a point half way through its middle third. */
export function valleyOf(lrs: readonly number[], losses: readonly number[]): number | undefined {
  const lengths = losses.map(() => 1);
  let [start, end] = [0, 0];
  for (let i = 1; i < losses.length; i++) {
    for (let j = 0; j < i; j++) {
      if (losses[i] < losses[j] && lengths[i] < lengths[j] + 1) lengths[i] = lengths[j] + 1;
      if (lengths[end] >= lengths[i]) continue;
      end = i;
      start = end - lengths[end];
    }
  }
  const third = (end - start) / 3;
  return lrs.at(Math.min(lrs.length - 1, start + Math.floor(third) + Math.floor(third / 2)));
}

/** @internal fastai's `steep`. */
export function steepestOf(lrs: readonly number[], losses: readonly number[]): number | undefined {
  let [best, at] = [Number.POSITIVE_INFINITY, -1];
  for (let i = 0; i + 1 < losses.length; i++) {
    const slope = (losses[i + 1] - losses[i]) / Math.log(lrs[i + 1] / lrs[i]);
    if (slope < best) [best, at] = [slope, i];
  }
  return lrs[at];
}
