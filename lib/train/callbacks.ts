import { expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import type { Optimizer } from '../optim/optimizer.js';
import type { ModelEma } from './ema.js';
import type { EpochRecord } from './epoch-record.js';
import type { Classifier, Evaluation } from './evaluate.js';
import type { FitResult } from './fit-result.js';

/** Where a training stands, and what may be done about it, as callbacks are told. */
export interface TrainingState {
  /** The model that is trained. */
  readonly model: Classifier;
  /** The optimizer that trains it. */
  readonly optimizer: Optimizer;
  /** The average of weights, where there is one. */
  readonly ema: ModelEma | undefined;
  /** From 0. */
  readonly epoch: number;
  /** Epochs of the whole training. */
  readonly epochs: number;
  /** Steps done in the epoch. */
  readonly step: number;
  /** Steps of the optimizer in an epoch. */
  readonly stepsPerEpoch: number;
  /** Steps done in all; the weights are those after it. */
  readonly globalStep: number;
  /** One entry for each epoch that is done. */
  readonly history: readonly EpochRecord[];
  /** Ends training after this event. */
  stop(): void;
  /** Writes a checkpoint of this moment, where the training has a folder for them. */
  save(): Promise<string>;
}

/** Numbers for a log. */
export interface Logs {
  /** Of the last step. */
  readonly loss: number;
  /** The epoch's so far; not there where labels are mixed or several. */
  readonly accuracy?: number;
  /** Of the step. */
  readonly learningRate: number;
  /** Since the last log. */
  readonly imagesPerSecond: number;
}

/**
 * What happens in a training, in the Hugging Face Trainer's words. Each is awaited, with no step on its way: the state is
 * that of the moment, and a rejection ends `fit`.
 */
export interface TrainerCallback {
  /** Before the first step. */
  onTrainBegin?(state: TrainingState): unknown;
  /** Before the first step of each epoch. */
  onEpochBegin?(state: TrainingState): unknown;
  /** After every step; steps follow one another without overlap then. */
  onStepEnd?(state: TrainingState, logs: Logs): unknown;
  /** Every `logEvery` steps. */
  onLog?(state: TrainingState, logs: Logs): unknown;
  /** After each evaluation. */
  onEvaluate?(state: TrainingState, evaluation: Evaluation): unknown;
  /** After a checkpoint was written to `path`. */
  onSave?(state: TrainingState, path: string): unknown;
  /** After each epoch, its evaluation included. */
  onEpochEnd?(state: TrainingState, record: EpochRecord): unknown;
  /** After the last step. */
  onTrainEnd?(state: TrainingState, result: FitResult): unknown;
}

const EVENTS: OptionNames<TrainerCallback> = {
  onTrainBegin: true,
  onEpochBegin: true,
  onStepEnd: true,
  onLog: true,
  onEvaluate: true,
  onSave: true,
  onEpochEnd: true,
  onTrainEnd: true,
};

type EventName = keyof TrainerCallback;

/** Throws unless each is an object with events among its methods; a class's instance may hold other things, too. */
export function checkCallbacks(callbacks: unknown, where: string): readonly TrainerCallback[] {
  if (!Array.isArray(callbacks)) throw expected('an array of callbacks', where, callbacks);
  for (const callback of callbacks) {
    if (typeof callback !== 'object' || callback === null) throw expected('objects with events', where, callback);
    if (Object.getPrototypeOf(callback) === Object.prototype) checkOptions(callback, EVENTS, where);
    for (const name of Object.keys(EVENTS) as EventName[]) {
      const event = (callback as TrainerCallback)[name];
      if (event !== undefined && typeof event !== 'function') throw expected('a function', `${where} ${name}`, event);
    }
  }
  return callbacks;
}

/** Calls callbacks in their order, one after the other. */
export class Callbacks {
  constructor(readonly all: readonly TrainerCallback[]) {}

  has(name: EventName): boolean {
    return this.all.some((callback) => callback[name] !== undefined);
  }

  async tell<E extends EventName>(name: E, ...args: Parameters<Required<TrainerCallback>[E]>): Promise<void> {
    for (const callback of this.all) {
      const event = callback[name] as ((...told: typeof args) => unknown) | undefined; // the same event
      await event?.apply(callback, args);
    }
  }
}
