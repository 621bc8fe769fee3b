import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkOptions } from '../check-options.js';
import type { ArrayDataset } from '../data/dataset.js';
import { DataLoader } from '../data/loader.js';
import { nextId } from '../identity.js';
import type { TraceEvent } from '../native.js';
import { crossEntropy } from '../ops/cross-entropy.js';
import { gradientNorm } from '../optim/clip.js';
import { autocast } from '../precision.js';
import { warnOnce } from '../warning.js';
import { Clock } from './clock.js';
import { type EvaluateOptions, type Evaluation, evaluate } from './evaluate.js';
import { claim } from './exclusive.js';
import { argmaxRows, countEqual, Mean } from './metrics.js';
import { gradientNorms, type LossSite, NonFiniteLossError, nonFiniteText } from './non-finite.js';
import { startTrace, stopTrace, writeTrace } from './trace.js';
import { checkTrainerOptions, type EpochRecord, type Progress, type TrainerOptions } from './trainer-options.js';
import { TrainingStep } from './training-step.js';

/** What `fit` gives. */
export interface FitResult {
  history: EpochRecord[];
  /** Whether the signal ended it early. */
  stopped: boolean;
  /** Wall time of the whole call, evaluations included. */
  trainSeconds: number;
  /** Images trained on, over the time spent training on them. */
  imagesPerSecond: number;
}

/** A step on its way. */
interface Pending {
  /** In the epoch, from 1. */
  step: number;
  learningRate: number;
  labels: Int32Array;
  values: Promise<{ loss: number; logits: ArrayLike<number> }>;
}

/** What is counted over an epoch. */
interface Tally {
  epoch: number;
  loss: Mean;
  accuracy: Mean;
}

// Steps that may be on their way: enough to keep the stream busy, few enough that stopping is prompt.
const STEPS_IN_FLIGHT = 2;

// The first two steps run op by op and are recorded; a few more and caches are warm.
const TRACED_STEP = 5;

/**
 * Trains a classifier on a data set: shuffled epochs, learning-rate schedule, clipping, evaluation. The event loop
 * stays free; at most two steps are on their way.
 *
 * The gradients of the optimizer's parameters are the training's own: what another `backward` leaves in `grad` meanwhile
 * is dropped by the next step. A model in evaluation mode is put into training mode before each epoch; parts of it that
 * are in evaluation mode while it is not stay so.
 *
 * @throws TypeError for options that are missing, unknown or out of range, and for data sets whose parts do not agree
 * @example
 * const { history } = await new Trainer({ model, optimizer, train, test, batchSize: 64, epochs: 10 }).fit();
 */
export class Trainer {
  /** A number of its own, by which deep equality tells trainers apart. */
  readonly id = nextId();
  readonly #options: TrainerOptions;
  readonly #loader: DataLoader;
  #clock = new Clock();
  /** Of a loss that is not finite, in this `fit`. */
  #hasWarned = false;
  #isTracing = false;

  constructor(options: TrainerOptions) {
    this.#options = checkTrainerOptions(options);
    const { model, checkpoint, train, batchSize, seed = 0 } = this.#options;
    if (checkpoint !== undefined) model.setGradCheckpointing?.(checkpoint);
    this.#loader = new DataLoader(train, { batchSize, shuffle: true, seed });
  }

  /**
   * Trains to the end, or until the signal.
   *
   * @throws NonFiniteLossError when a loss is infinite or NaN; Error when another `fit` trains the model or the optimizer;
   *   StreamError when a step failed while it ran; TypeError for a label that has become no class; whatever a callback
   *   throws or rejects with
   */
  async fit(): Promise<FitResult> {
    const { epochs, signal, onEpoch, model, optimizer } = this.#options;
    const release = claim(model, optimizer);
    const step = this.#makeStep();
    this.#clock = new Clock();
    this.#hasWarned = false;
    const history: EpochRecord[] = [];
    try {
      for (let epoch = 0; epoch < epochs && !signal?.aborted; epoch++) {
        const record = await this.#runEpoch(epoch, step);
        if (record === undefined) break;
        history.push(record);
        await onEpoch?.(record);
        step.passEpoch();
      }
    } finally {
      if (this.#isTracing) this.#stopTrace(); // of a step that failed
      step.dispose();
      release();
    }
    return {
      history,
      stopped: signal?.aborted === true,
      trainSeconds: this.#clock.sinceStart(),
      imagesPerSecond: this.#clock.imagesPerSecond,
    };
  }

  /** See `evaluate`; in batches and in the precision of the training. */
  evaluate(data: ArrayDataset, options: Pick<EvaluateOptions, 'signal'> = {}): Promise<Evaluation> {
    checkOptions(options, { signal: true }, 'Trainer.evaluate');
    const { model, batchSize, precision = 'fp32' } = this.#options;
    return evaluate(model, data, { ...options, batchSize, precision });
  }

  /** One epoch; undefined when the signal came in it. */
  async #runEpoch(epoch: number, step: TrainingStep): Promise<EpochRecord | undefined> {
    const { model, optimizer, signal } = this.#options;
    const tally = { epoch, loss: new Mean(), accuracy: new Mean() };
    const begin = performance.now();
    this.#clock.resume();
    if (!model.training) model.train();
    await this.#trainOn(step, tally);
    this.#clock.pause();
    if (signal?.aborted) return undefined;
    const seconds = (performance.now() - begin) / 1000;
    return {
      epoch,
      trainLoss: tally.loss.value,
      trainAccuracy: tally.accuracy.value,
      ...(await this.#test()),
      learningRate: optimizer.lr,
      seconds,
      imagesPerSecond: this.#loader.dataset.count / seconds,
    };
  }

  /** Enqueues an epoch's steps and sees to each as it is done, until all are or the signal comes. */
  async #trainOn(step: TrainingStep, tally: Tally): Promise<void> {
    const { optimizer, schedule, signal, trace } = this.#options;
    const { length } = this.#loader;
    const tracedStep = trace !== undefined && tally.epoch === 0 ? Math.min(TRACED_STEP, length - 1) : undefined;
    const inFlight: Pending[] = [];
    const finishUntil = async (most: number): Promise<void> => {
      while (inFlight.length > most) await this.#finishStep(inFlight.shift() as Pending, tally); // more than none
    };
    let number = 0;
    for (const batch of this.#loader.hostBatches(tally.epoch)) {
      await nextTurn(); // preparing a batch takes some milliseconds, and so may enqueuing it
      if (signal?.aborted) break;
      optimizer.lr = schedule?.(tally.epoch * length + number) ?? optimizer.lr;
      const { lr: learningRate } = optimizer;
      if (number === tracedStep) {
        await finishUntil(0);
        startTrace();
        this.#isTracing = true;
      }
      const { values } = await step.enqueue(batch);
      values.catch(() => undefined); // awaited below, but not if a step before it fails
      inFlight.push({ step: number + 1, learningRate, labels: batch.labels, values });
      if (number === tracedStep) {
        await finishUntil(0);
        await writeTrace(trace as string, this.#stopTrace()); // it is why we are tracing
      }
      await finishUntil(STEPS_IN_FLIGHT - 1);
      number++;
    }
    await finishUntil(0);
  }

  async #finishStep({ step, learningRate, labels, values }: Pending, tally: Tally): Promise<void> {
    const { loss, logits } = await values;
    if (!Number.isFinite(loss)) await this.#tellNonFinite({ loss, epoch: tally.epoch, step, learningRate });
    const count = labels.length;
    tally.loss.add(loss, count);
    tally.accuracy.add(countEqual(argmaxRows(logits, logits.length / count), labels) / count, count);
    this.#clock.images += count;
    await this.#options.onProgress?.(this.#progress(step, tally));
  }

  #progress(step: number, { epoch, loss, accuracy }: Tally): Progress {
    const { epochs, batchSize } = this.#options;
    const stepsPerEpoch = this.#loader.length;
    const stepsLeft = epochs * stepsPerEpoch - (epoch * stepsPerEpoch + step);
    const { imagesPerSecond } = this.#clock;
    const secondsLeft = (stepsLeft * batchSize) / imagesPerSecond;
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
    const { model, onNonFinite = 'stop' } = this.#options;
    if (onNonFinite === 'stop') throw new NonFiniteLossError(site, await gradientNorms(model));
    if (!this.#hasWarned) warnOnce(nonFiniteText(site));
    this.#hasWarned = true;
  }

  /** How the model does on the test set; nothing without one, or where the signal comes meanwhile. */
  async #test(): Promise<Pick<EpochRecord, 'testLoss' | 'testAccuracy'>> {
    const { test, signal } = this.#options;
    if (test === undefined) return {};
    try {
      const { loss, accuracy } = await this.evaluate(test, signal && { signal });
      return { testLoss: loss, testAccuracy: accuracy };
    } catch (error) {
      if (signal?.aborted && error === signal.reason) return {};
      throw error;
    }
  }

  #stopTrace(): TraceEvent[] {
    this.#isTracing = false;
    return stopTrace();
  }

  #makeStep(): TrainingStep {
    const { model, optimizer, train, capture, clipGradNorm, labelSmoothing = 0, precision = 'fp32' } = this.#options;
    return new TrainingStep({
      model,
      optimizer,
      imageShape: train.shape,
      capture,
      forward: (images) => autocast(precision, () => model.forward(images)),
      loss: (logits, labels) => crossEntropy(logits, labels, { labelSmoothing }),
      update: () => {
        const scale = clipGradNorm === undefined ? undefined : gradientNorm(optimizer.parameters, clipGradNorm).scale;
        optimizer.apply(scale);
      },
    });
  }
}
