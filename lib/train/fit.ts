import { setImmediate as nextTurn } from 'node:timers/promises';
import { DataLoader } from '../data/loader.js';
import type { Dataset } from '../data/sets/dataset.js';
import type { TraceEvent } from '../native.js';
import { setRates } from '../optim/schedule.js';
import { warnOnce } from '../warning.js';
import { Callbacks, type Logs, type TrainingState } from './callbacks.js';
import { Clock } from './clock.js';
import { ModelEma } from './ema.js';
import type { EpochRecord } from './epoch-record.js';
import { type Evaluation, evaluateWith } from './evaluate.js';
import type { FitResult } from './fit-result.js';
import { FitState, type Scores } from './fit-state.js';
import { numbersOf } from './loggers/numbers-of.js';
import { makeStep } from './make-step.js';
import { argmaxRows, countEqual } from './metrics.js';
import { Monitor } from './monitor.js';
import { gradientNorms, type LossSite, NonFiniteLossError, nonFiniteText } from './non-finite.js';
import { Saving } from './saving.js';
import { Stop } from './stop.js';
import { startTrace, stopTrace, writeTrace } from './trace.js';
import type { Progress, TrainerOptions } from './trainer-options.js';
import { batchesOf, disposeImages, isLoader } from './training-data.js';
import type { TrainingStep } from './training-step.js';

/** A batch on its way. */
interface Pending {
  /** In the epoch, from 1. */
  step: number;
  endsStep: boolean;
  learningRate: number;
  labels: Int32Array;
  values: Promise<{ loss: number; logits: ArrayLike<number> }>;
}

// Steps that may be on their way: enough to keep the stream busy, few enough that stopping is prompt.
const STEPS_IN_FLIGHT = 2;

// The first two steps run op by op and are recorded; a few more and caches are warm.
const TRACED_STEP = 5;

/** One call of `fit`, from its beginning to its end. */
export class Fit {
  readonly #options: TrainerOptions;
  readonly #loader: DataLoader | DataLoader<Dataset>;
  readonly #state: FitState;
  readonly #callbacks: Callbacks;
  readonly #ema: ModelEma | undefined;
  readonly #stop: Stop;
  readonly #clock = new Clock();
  #saving: Saving | undefined;
  #inFlight: Pending[] = [];
  #lastLoss = Number.NaN;
  /** Of a loss that is not finite. */
  #hasWarned = false;
  #isTracing = false;

  constructor(options: TrainerOptions) {
    const { model, train, batchSize, seed = 0, schedule, signal, maxTime, ema, gradAccumSteps = 1 } = options;
    this.#options = options;
    const shuffle = options.overfitBatches === undefined;
    this.#loader = isLoader(train) ? train : new DataLoader(train, { batchSize, shuffle, seed });
    const settings = { batchSize, gradAccumSteps, seed, images: train.count, optimizer: options.optimizer.name };
    this.#state = new FitState(settings, schedule);
    this.#callbacks = new Callbacks(options.callbacks ?? []);
    this.#ema = ema instanceof ModelEma || ema === undefined ? ema : new ModelEma(model, ema);
    this.#stop = new Stop(signal, maxTime);
  }

  async run(): Promise<FitResult> {
    const { epochs, onEpoch, optimizer, model, ema } = this.#options;
    const state = this.#state;
    const step = makeStep(this.#options, this.#ema);
    try {
      this.#saving = await Saving.open(this.#options, { model, optimizer, ema: this.#ema }, state);
      await this.#tell('onTrainBegin');
      while (state.epoch < epochs && !this.#stop.isAsked) {
        const record = await this.#runEpoch(step);
        if (record === undefined) break;
        state.history.push(record);
        await onEpoch?.(record);
        await this.#callbacks.tell('onEpochEnd', this.#told(), record);
        state.passEpoch();
        step.passEpoch();
        await this.#saving?.afterEpoch(record, () => this.#told(), this.#callbacks);
      }
      if (this.#stop.isAsked) await this.#saving?.afterStop(() => this.#told(), this.#callbacks);
      const result = this.#result();
      await this.#callbacks.tell('onTrainEnd', this.#told(), result);
      return result;
    } finally {
      if (this.#isTracing) this.#stopTrace(); // of a step that failed
      step.dispose();
      if (this.#ema !== ema) this.#ema?.dispose();
      await this.#saving?.release();
    }
  }

  #result(): FitResult {
    const { reason } = this.#stop;
    return {
      history: this.#state.history,
      stopped: reason !== 'done',
      reason,
      steps: this.#state.globalStep,
      trainSeconds: this.#clock.sinceStart(),
      imagesPerSecond: this.#clock.imagesPerSecond,
    };
  }

  /** Steps in an epoch; the last may be of fewer batches. */
  get #stepsPerEpoch(): number {
    return Math.ceil(this.#loader.length / (this.#options.gradAccumSteps ?? 1));
  }

  /** One epoch, or what is left of it; undefined when it is not brought to its end. */
  async #runEpoch(step: TrainingStep): Promise<EpochRecord | undefined> {
    const { model, optimizer, evaluateEvery } = this.#options;
    const state = this.#state;
    const begin = performance.now();
    await this.#tell('onEpochBegin');
    this.#clock.resume();
    if (!model.training) model.train();
    await this.#trainOn(step);
    this.#clock.pause();
    if (this.#stop.isAsked && state.batch < this.#loader.length) return undefined;
    if (this.#stop.reason === 'signal') return undefined;
    const seconds = (performance.now() - begin) / 1000;
    if (evaluateEvery === undefined) await this.#test();
    return {
      epoch: state.epoch,
      trainLoss: state.loss.value,
      trainAccuracy: state.accuracy.value,
      ...(state.evaluated?.globalStep === state.globalStep ? testScores(state.evaluated.scores) : {}),
      learningRate: optimizer.lr,
      seconds,
      imagesPerSecond: this.#loader.count / seconds,
    };
  }

  /** Enqueues an epoch's batches and sees to each as it is done, until all are or the training is to stop. */
  async #trainOn(step: TrainingStep): Promise<void> {
    const { schedule, optimizer, gradAccumSteps = 1 } = this.#options;
    const state = this.#state;
    const { length } = this.#loader;
    for await (const batch of batchesOf(this.#loader, state.epoch, state.batch)) {
      await nextTurn(); // preparing a batch takes some milliseconds, and so may enqueuing it
      const index = state.batch % gradAccumSteps;
      const of = Math.min(gradAccumSteps, length - (state.batch - index));
      if (index === 0) {
        if (this.#stop.isAsked) {
          disposeImages(batch);
          break;
        }
        if (schedule !== undefined) setRates(optimizer, schedule, state.globalStep);
        await this.#beginTrace();
      }
      const learningRate = optimizer.lr;
      const { values } = await step.enqueue(batch, { index, of });
      values.catch(() => undefined); // awaited below, but not if a step before it fails
      state.batch++;
      const endsStep = index === of - 1;
      this.#inFlight.push({ step: state.step + 1, endsStep, learningRate, labels: batch.labels, values });
      if (endsStep) await this.#endStep();
      else await this.#finishUntil(STEPS_IN_FLIGHT - 1);
    }
    await this.#finishUntil(0);
  }

  /** What comes after a step's last batch was enqueued. */
  async #endStep(): Promise<void> {
    const state = this.#state;
    state.step++;
    state.globalStep++;
    await this.#endTrace();
    const { evaluateEvery, logEvery = 50 } = this.#options;
    const { globalStep } = state;
    const isLogged = globalStep % logEvery === 0 && this.#callbacks.has('onLog');
    const isEvaluated = evaluateEvery !== undefined && globalStep % evaluateEvery === 0;
    const isSaved = this.#saving?.isDue(globalStep) === true;
    if (!isLogged && !isEvaluated && !isSaved && !this.#callbacks.has('onStepEnd')) {
      return this.#finishUntil(STEPS_IN_FLIGHT - 1);
    }
    await this.#finishUntil(0); // what they see is this step's
    await this.#callbacks.tell('onStepEnd', this.#told(), this.#logs());
    if (isLogged) await this.#callbacks.tell('onLog', this.#told(), this.#logs());
    if (isEvaluated) await this.#test();
    if (isSaved) await this.#saving?.afterStep(this.#scores(), () => this.#told(), this.#callbacks);
  }

  async #finishUntil(most: number): Promise<void> {
    for (let first = this.#inFlight[0]; this.#inFlight.length > most; first = this.#inFlight[0]) {
      this.#inFlight.shift();
      await this.#finish(first);
    }
  }

  async #finish({ step, endsStep, learningRate, labels, values }: Pending): Promise<void> {
    const { loss, logits } = await values;
    const { epoch, loss: losses, accuracy } = this.#state;
    if (!Number.isFinite(loss)) await this.#tellNonFinite({ loss, epoch, step, learningRate });
    const count = labels.length;
    losses.add(loss, count);
    accuracy.add(countEqual(argmaxRows(logits, logits.length / count), labels) / count, count);
    this.#lastLoss = loss;
    this.#clock.images += count;
    if (endsStep) await this.#options.onProgress?.(this.#progress(step));
  }

  #progress(step: number): Progress {
    const { epochs, batchSize, gradAccumSteps = 1 } = this.#options;
    const { epoch, loss, accuracy } = this.#state;
    const stepsPerEpoch = this.#stepsPerEpoch;
    const stepsLeft = epochs * stepsPerEpoch - (epoch * stepsPerEpoch + step);
    const { imagesPerSecond } = this.#clock;
    const secondsLeft = (stepsLeft * batchSize * gradAccumSteps) / imagesPerSecond;
    return {
      epoch,
      epochs,
      step,
      stepsPerEpoch,
      loss: loss.value,
      accuracy: accuracy.value,
      imagesPerSecond,
      secondsLeft,
    };
  }

  async #tellNonFinite(site: LossSite): Promise<void> {
    const { model, optimizer, onNonFinite = 'stop' } = this.#options;
    if (onNonFinite === 'stop') throw new NonFiniteLossError(site, await gradientNorms(model, optimizer));
    if (!this.#hasWarned) warnOnce(nonFiniteText(site));
    this.#hasWarned = true;
  }

  /** How the model does on the test set, with the average of weights where there is one; tells all who want to know. */
  async #test(): Promise<void> {
    const { test, signal, model, batchSize, precision = 'fp32', metrics, schedule } = this.#options;
    const state = this.#state;
    if (test === undefined || state.evaluated?.globalStep === state.globalStep) return;
    let evaluation: Evaluation;
    try {
      const options = { batchSize, precision, ...(signal && { signal }), ...(metrics && { metrics }) };
      evaluation = await evaluateWith(model, test, options, this.#ema);
    } catch (error) {
      if (signal?.aborted && error === signal.reason) return;
      throw error;
    }
    const { loss, accuracy } = evaluation;
    const scores = { testLoss: loss, testAccuracy: accuracy, ...evaluation.metrics };
    state.evaluated = { globalStep: state.globalStep, scores: numbersOf(scores) };
    schedule?.observe?.(loss);
    this.#stopEarly();
    await this.#callbacks.tell('onEvaluate', this.#told(), evaluation);
  }

  #stopEarly(): void {
    const { earlyStopping, test } = this.#options;
    if (earlyStopping === undefined) return;
    const { patience = 5, minDelta = 0, monitor = test ? 'testLoss' : 'trainLoss', mode } = earlyStopping;
    const watched = new Monitor(monitor, mode);
    const value = watched.valueIn(this.#scores());
    const isBetter = watched.isBetter(value, this.#state.best, minDelta);
    this.#state.bad = isBetter ? 0 : this.#state.bad + 1;
    if (isBetter) this.#state.best = value;
    if (this.#state.bad > patience) this.#stop.ask('earlyStopping');
  }

  /** All numbers of the moment, by their names in an `EpochRecord`. */
  #scores(): Scores {
    const { loss, accuracy, evaluated } = this.#state;
    return { trainLoss: loss.value, trainAccuracy: accuracy.value, ...evaluated?.scores };
  }

  #logs(): Logs {
    const { imagesPerSecond } = this.#clock;
    const { accuracy } = this.#state;
    return {
      loss: this.#lastLoss,
      accuracy: accuracy.value,
      learningRate: this.#options.optimizer.lr,
      imagesPerSecond,
    };
  }

  #tell(event: 'onTrainBegin' | 'onEpochBegin'): Promise<void> {
    return this.#callbacks.tell(event, this.#told());
  }

  #told(): TrainingState {
    const { model, optimizer, epochs } = this.#options;
    const { epoch, step, globalStep, history } = this.#state;
    return {
      ...{ model, optimizer, ema: this.#ema, epoch, epochs, step, stepsPerEpoch: this.#stepsPerEpoch, globalStep },
      history,
      stop: () => this.#stop.ask('callback'),
      save: () => Saving.now(this.#saving, this.#scores()),
    };
  }

  async #beginTrace(): Promise<void> {
    if (!this.#isTraced()) return;
    await this.#finishUntil(0);
    startTrace();
    this.#isTracing = true;
  }

  async #endTrace(): Promise<void> {
    const { trace } = this.#options;
    if (!this.#isTracing || trace === undefined) return;
    await this.#finishUntil(0);
    await writeTrace(trace, this.#stopTrace());
  }

  #isTraced(): boolean {
    if (this.#options.trace === undefined || this.#state.epoch > 0) return false;
    return this.#state.step === Math.min(TRACED_STEP, this.#stepsPerEpoch - 1);
  }

  #stopTrace(): TraceEvent[] {
    this.#isTracing = false;
    return stopTrace();
  }
}

/** What an epoch's record says of the test set. */
function testScores(scores: Scores): Pick<EpochRecord, 'testLoss' | 'testAccuracy' | 'metrics'> {
  const { testLoss = Number.NaN, testAccuracy = Number.NaN, ...metrics } = scores;
  return { testLoss, testAccuracy, ...(Object.keys(metrics).length > 0 && { metrics }) };
}
