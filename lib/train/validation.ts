import type { FedTraining } from './data-plan.js';
import type { ModelEma } from './ema.js';
import { type Evaluation, evaluateWith } from './evaluate.js';
import type { FitState } from './fit-state.js';
import { numbersOf } from './loggers/numbers-of.js';
import type { PreparedLoss } from './losses/loss.js';
import { Monitor } from './monitor.js';
import type { Stop } from './stop.js';

/** What a training's evaluations are of, and what they change. */
export interface ValidationParts {
  readonly options: FedTraining;
  readonly loss: PreparedLoss;
  readonly ema: ModelEma | undefined;
  readonly state: FitState;
  readonly stop: Stop;
}

/** How a training does on its test set as it goes on, and what follows from that: the schedule's turn, an early end. */
export class Validation {
  readonly #parts: ValidationParts;

  constructor(parts: ValidationParts) {
    this.#parts = parts;
  }

  /**
   * How the model does now, with the average of weights where there is one; undefined where there is no test set, that
   * is known already, or the signal came.
   */
  async run(): Promise<Evaluation | undefined> {
    const { options, loss: computed, ema, state } = this.#parts;
    const { test, signal, model, batchSize, precision = 'fp32', metrics, schedule } = options;
    if (test === undefined || state.evaluated?.globalStep === state.globalStep) return undefined;
    let evaluation: Evaluation;
    try {
      const chosen = { batchSize, precision, ...(signal && { signal }), ...(metrics && { metrics }) };
      evaluation = await evaluateWith(model, test, chosen, { ema, loss: computed });
    } catch (error) {
      if (signal?.aborted && error === signal.reason) return undefined;
      throw error;
    }
    const { loss, accuracy } = evaluation;
    const scores = { testLoss: loss, testAccuracy: accuracy, ...evaluation.metrics };
    state.evaluated = { globalStep: state.globalStep, scores: numbersOf(scores) };
    schedule?.observe?.(loss);
    this.#stopEarly();
    return evaluation;
  }

  #stopEarly(): void {
    const { options, state, stop } = this.#parts;
    const { earlyStopping, test } = options;
    if (earlyStopping === undefined) return;
    const { patience = 5, minDelta = 0, monitor = test ? 'testLoss' : 'trainLoss', mode } = earlyStopping;
    const watched = new Monitor(monitor, mode);
    const value = watched.valueIn(state.scores());
    const isBetter = watched.isBetter(value, state.best, minDelta);
    state.bad = isBetter ? 0 : state.bad + 1;
    if (isBetter) state.best = value;
    if (state.bad > patience) stop.ask('earlyStopping');
  }
}
