import { setImmediate as nextTurn } from 'node:timers/promises';
import { DataLoader, type HostBatch } from '../data/loader.js';
import type { Dataset } from '../data/sets/dataset.js';
import { tensor } from '../ops/creation.js';
import { setRates } from '../optim/schedule.js';
import { untracked } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { warnOnce } from '../warning.js';
import { Callbacks, type Logs, type TrainingState } from './callbacks.js';
import { Clock } from './clock.js';
import type { FedTraining } from './data-plan.js';
import { ModelEma } from './ema.js';
import type { EpochRecord } from './epoch-record.js';
import type { FitResult } from './fit-result.js';
import { FitState, type Scores } from './fit-state.js';
import { type BatchValues, InFlight, type Pending } from './in-flight.js';
import type { PreparedLoss } from './losses/loss.js';
import { makeStep } from './make-step.js';
import { argmaxRows, countEqual } from './metrics.js';
import { type LossSite, nonFiniteText } from './non-finite.js';
import { prepareLoss } from './prepare-loss.js';
import { Saving } from './saving.js';
import type { Place } from './step-options.js';
import { StepTrace } from './step-trace.js';
import { Stop } from './stop.js';
import { nonFiniteError } from './stop-at-non-finite.js';
import type { Progress } from './trainer-options.js';
import { batchesOf, disposeImages, factsOf, isLoader } from './training-data.js';
import type { TrainingStep } from './training-step.js';
import { Validation } from './validation.js';

// Steps that may be on their way: enough to keep the stream busy, few enough that stopping is prompt.
const STEPS_IN_FLIGHT = 2;

/** One call of `fit`, from its beginning to its end. */
export class Fit {
  readonly #options: FedTraining;
  readonly #loader: DataLoader | DataLoader<Dataset>;
  readonly #state: FitState;
  readonly #callbacks: Callbacks;
  readonly #ema: ModelEma | undefined;
  readonly #stop: Stop;
  readonly #clock = new Clock();
  readonly #trace: StepTrace;
  readonly #loss: PreparedLoss;
  readonly #validation: Validation;
  /** Set on the stream where a loss is not finite, if that ends training. */
  readonly #guard: Tensor | undefined;
  readonly #inFlight = new InFlight((pending, values) => this.#finish(pending, values));
  #saving: Saving | undefined;
  #lastLoss = Number.NaN;
  /** Of a loss that is not finite. */
  #hasWarned = false;

  constructor(options: FedTraining) {
    const { model, train, batchSize, seed = 0, schedule, signal, maxTime, ema, gradAccumSteps = 1 } = options;
    this.#options = options;
    const shuffle = options.overfitBatches === undefined;
    this.#loader = isLoader(train) ? train : new DataLoader(train, { batchSize, shuffle, seed });
    const settings = { batchSize, gradAccumSteps, seed, images: train.count, optimizer: options.optimizer.name };
    this.#state = new FitState(settings, schedule);
    this.#callbacks = new Callbacks(options.callbacks ?? []);
    this.#ema = ema instanceof ModelEma || ema === undefined ? ema : new ModelEma(model, ema);
    this.#stop = new Stop(signal, maxTime);
    this.#trace = new StepTrace(options.trace);
    this.#loss = prepareLoss(options, factsOf(train, 'Trainer train'));
    this.#guard = options.onNonFinite === 'warn' ? undefined : untracked(() => tensor([0]));
    const parts = { options, loss: this.#loss, ema: this.#ema, state: this.#state, stop: this.#stop };
    this.#validation = new Validation(parts);
  }

  async run(): Promise<FitResult> {
    const { epochs, onEpoch, optimizer, model, ema } = this.#options;
    const state = this.#state;
    const step = makeStep(this.#options, this.#loss, { ema: this.#ema, guard: this.#guard });
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
      this.#trace.drop();
      step.dispose();
      this.#loss.dispose();
      this.#guard?.dispose();
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
      ...(state.accuracy.isEmpty ? {} : { trainAccuracy: state.accuracy.value }),
      ...(state.evaluated?.globalStep === state.globalStep ? testScores(state.evaluated.scores) : {}),
      learningRate: optimizer.lr,
      seconds,
      imagesPerSecond: this.#loader.count / seconds,
    };
  }

  /** Enqueues an epoch's batches and sees to each as it is done, until all are or the training is to stop. */
  async #trainOn(step: TrainingStep): Promise<void> {
    const state = this.#state;
    for await (const batch of batchesOf(this.#loader, state.epoch, state.batch)) {
      let endsStep: boolean;
      try {
        await nextTurn(); // preparing a batch takes some milliseconds, and so may enqueuing it
        if (this.#place().index === 0 && this.#stop.isAsked) {
          disposeImages(batch);
          break;
        }
        endsStep = await this.#enqueue(batch, step);
      } catch (error) {
        disposeImages(batch);
        throw error;
      }
      if (endsStep) await this.#endStep();
      else await this.#inFlight.until(STEPS_IN_FLIGHT - 1);
    }
    await this.#inFlight.until(0);
  }

  /** The next batch's place in its step. */
  #place(): Place {
    const { gradAccumSteps = 1 } = this.#options;
    const { batch } = this.#state;
    const index = batch % gradAccumSteps;
    return { index, of: Math.min(gradAccumSteps, this.#loader.length - (batch - index)) };
  }

  /** Puts a batch on its way; gives whether it is its step's last. */
  async #enqueue(batch: HostBatch, step: TrainingStep): Promise<boolean> {
    const { schedule, optimizer } = this.#options;
    const state = this.#state;
    const place = this.#place();
    if (place.index === 0) {
      if (schedule !== undefined) setRates(optimizer, schedule, state.globalStep);
      const at = { step: state.step, epoch: state.epoch, stepsPerEpoch: this.#stepsPerEpoch };
      await this.#trace.begin(at, () => this.#inFlight.until(0));
    }
    const learningRate = optimizer.lr;
    const { values } = await step.enqueue(batch, place);
    const { labels, count } = batch;
    const endsStep = place.index === place.of - 1;
    const { step: done, globalStep, batch: index } = state;
    this.#inFlight.push({ batch: index, step: done + 1, globalStep, endsStep, learningRate, labels, count, values });
    state.batch++;
    return endsStep;
  }

  /** What comes after a step's last batch was enqueued. */
  async #endStep(): Promise<void> {
    const state = this.#state;
    state.step++;
    state.globalStep++;
    await this.#trace.end(() => this.#inFlight.until(0));
    const { evaluateEvery, logEvery = 50 } = this.#options;
    const { globalStep } = state;
    const isLogged = globalStep % logEvery === 0 && this.#callbacks.has('onLog');
    const isEvaluated = evaluateEvery !== undefined && globalStep % evaluateEvery === 0;
    const isSaved = this.#saving?.isDue(globalStep) === true;
    if (!isLogged && !isEvaluated && !isSaved && !this.#callbacks.has('onStepEnd')) {
      return this.#inFlight.until(STEPS_IN_FLIGHT - 1);
    }
    await this.#inFlight.until(0); // what they see is this step's
    await this.#callbacks.tell('onStepEnd', this.#told(), this.#logs());
    if (isLogged) await this.#callbacks.tell('onLog', this.#told(), this.#logs());
    if (isEvaluated) await this.#test();
    if (isSaved) await this.#saving?.afterStep(this.#state.scores(), () => this.#told(), this.#callbacks);
  }

  async #finish(pending: Pending, { loss, logits }: BatchValues): Promise<void> {
    const { step, endsStep, learningRate, labels, count } = pending;
    const { epoch, loss: losses, accuracy } = this.#state;
    if (!Number.isFinite(loss)) await this.#tellNonFinite(pending, { loss, epoch, step, learningRate });
    losses.add(loss, this.#loss.weightOf?.(labels, count) ?? count);
    if (labels instanceof Int32Array) {
      accuracy.add(countEqual(argmaxRows(logits, logits.length / count), labels) / count, count);
    }
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
      ...(accuracy.isEmpty ? {} : { accuracy: accuracy.value }),
      imagesPerSecond,
      secondsLeft,
    };
  }

  async #tellNonFinite(pending: Pending, site: LossSite): Promise<void> {
    if (this.#guard !== undefined) {
      const training = { options: this.#options, loader: this.#loader, loss: this.#loss, ema: this.#ema };
      throw await nonFiniteError({ ...training, state: this.#state }, pending, site);
    }
    if (!this.#hasWarned) warnOnce(nonFiniteText(site));
    this.#hasWarned = true;
  }

  /** Evaluates, and tells all who want to know. */
  async #test(): Promise<void> {
    const evaluation = await this.#validation.run();
    if (evaluation !== undefined) await this.#callbacks.tell('onEvaluate', this.#told(), evaluation);
  }

  #logs(): Logs {
    const { imagesPerSecond } = this.#clock;
    const { accuracy } = this.#state;
    return {
      loss: this.#lastLoss,
      ...(accuracy.isEmpty ? {} : { accuracy: accuracy.value }),
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
      save: () => Saving.now(this.#saving, this.#state.scores()),
    };
  }
}

/** What an epoch's record says of the test set. */
function testScores(scores: Scores): Pick<EpochRecord, 'testLoss' | 'testAccuracy' | 'metrics'> {
  const { testLoss = Number.NaN, testAccuracy = Number.NaN, ...metrics } = scores;
  return { testLoss, testAccuracy, ...(Object.keys(metrics).length > 0 && { metrics }) };
}
