import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkInteger, checkNumber, expected } from '../check.js';
import type { Dataset } from '../data/dataset.js';
import { DataLoader } from '../data/loader.js';
import { nextId } from '../identity.js';
import { crossEntropy } from '../ops/cross-entropy.js';
import { gradientNorm } from '../optim/clip.js';
import type { Optimizer } from '../optim/optimizer.js';
import type { Schedule } from '../optim/schedule.js';
import { autocast, checkPrecision, type Precision } from '../precision.js';
import { type Classifier, type Evaluation, evaluate } from './evaluate.js';
import { countCorrect, Mean } from './metrics.js';
import { startTrace, stopTrace, writeTrace } from './trace.js';
import { TrainingStep } from './training-step.js';

/** One epoch, done. Losses are means over samples, accuracies shares. */
export interface EpochRecord {
  epoch: number;
  trainLoss: number;
  trainAccuracy: number;
  testLoss?: number;
  testAccuracy?: number;
  /** Of the epoch's last step. */
  learningRate: number;
  seconds: number;
  imagesPerSecond: number;
}

/** How far training has come; loss and accuracy are the epoch's so far. */
export interface Progress {
  epoch: number;
  epochs: number;
  step: number;
  stepsPerEpoch: number;
  loss: number;
  accuracy: number;
  imagesPerSecond: number;
  secondsLeft: number;
}

/** Options of `Trainer`. */
export interface TrainerOptions {
  model: Classifier;
  optimizer: Optimizer;
  /** The learning rate of each step. Default: the optimizer's own, throughout. */
  schedule?: Schedule;
  train: Dataset;
  /** Evaluated after each epoch. */
  test?: Dataset;
  batchSize: number;
  epochs: number;
  /** Of the order of samples. Default 0. */
  seed?: number;
  /** The L2 norm that the gradient is cut to. Default: not cut. */
  clipGradNorm?: number;
  /** Default 0. */
  labelSmoothing?: number;
  /** Whether a ViT's blocks are computed again in backward instead of kept; see `setGradCheckpointing`. Default false. */
  checkpoint?: boolean;
  /** Of the factors of linear layers' products; see `autocast`. Default `'fp32'`. */
  precision?: Precision;
  /** Whether a step is recorded once and then replayed; the results are the same bits. Default true. */
  capture?: boolean;
  /** A file to write one step's commands to, per thread, for Perfetto or Chrome's viewer. */
  trace?: string;
  onProgress?: (progress: Progress) => void;
  onEpoch?: (record: EpochRecord) => void;
  /** Ends training after the step under way. */
  signal?: AbortSignal;
}

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

// Steps that may be on their way: enough to keep the stream busy, few enough that stopping is prompt.
const STEPS_IN_FLIGHT = 2;

// The first two steps run op by op and are recorded; a few more and caches are warm.
const TRACED_STEP = 5;

/**
 * Trains a classifier on a data set: shuffled epochs, learning-rate schedule, clipping, evaluation. The event loop
 * stays free; at most two steps are on their way.
 *
 * @throws TypeError for options out of range
 * @example
 * const { history } = await new Trainer({ model, optimizer, train, test, batchSize: 64, epochs: 10 }).fit();
 */
export class Trainer {
  /** A number of its own, by which deep equality tells trainers apart. */
  readonly id = nextId();
  readonly #options: TrainerOptions;
  readonly #loader: DataLoader;
  readonly #clip: number | undefined;

  constructor(options: TrainerOptions) {
    this.#options = options;
    checkInteger(options.epochs, 'Trainer epochs', 1);
    this.#clip =
      options.clipGradNorm === undefined ? undefined : checkNumber(options.clipGradNorm, 'Trainer clipGradNorm', 0);
    checkPrecision(options.precision ?? 'fp32', 'Trainer');
    if (options.checkpoint !== undefined) {
      const { model } = options;
      if (model.setGradCheckpointing === undefined) {
        throw expected('a model with setGradCheckpointing', 'Trainer checkpoint', model);
      }
      model.setGradCheckpointing(options.checkpoint);
    }
    checkNumber(options.labelSmoothing ?? 0, 'Trainer labelSmoothing', 0, 1);
    const { batchSize, seed = 0 } = options;
    this.#loader = new DataLoader(options.train, { batchSize, shuffle: true, seed });
  }

  /**
   * Trains to the end, or until the signal.
   *
   * @throws StreamError when a step failed while it ran (a label that is no class)
   */
  async fit(): Promise<FitResult> {
    const { epochs, signal } = this.#options;
    const step = this.#makeStep();
    const clock = new Clock();
    const history: EpochRecord[] = [];
    try {
      for (let epoch = 0; epoch < epochs && !signal?.aborted; epoch++) {
        const record = await this.#runEpoch(epoch, step, clock);
        if (record === undefined) break;
        history.push(record);
        this.#options.onEpoch?.(record);
      }
    } finally {
      step.dispose();
    }
    return {
      history,
      stopped: signal?.aborted === true,
      trainSeconds: clock.sinceStart(),
      imagesPerSecond: clock.images / clock.training,
    };
  }

  /** See `evaluate`. */
  evaluate(data: Dataset): Promise<Evaluation> {
    return evaluate(this.#options.model, data);
  }

  /** One epoch; undefined when the signal came in it. */
  async #runEpoch(epoch: number, step: TrainingStep, clock: Clock): Promise<EpochRecord | undefined> {
    const { model, epochs, optimizer, schedule, signal, test, onProgress } = this.#options;
    const stepsPerEpoch = this.#loader.length;
    const loss = new Mean();
    const accuracy = new Mean();
    const inFlight: Promise<void>[] = [];
    const begin = performance.now();
    clock.resume();
    model.train();
    const tracedStep = Math.min(TRACED_STEP, stepsPerEpoch - 1);
    let started = 0;
    for (const batch of this.#loader.hostBatches(epoch)) {
      await nextTurn(); // preparing a batch takes some milliseconds, and so may enqueuing it
      if (signal?.aborted) break;
      const number = started++;
      optimizer.lr = schedule?.(epoch * stepsPerEpoch + number) ?? optimizer.lr;
      const tracing = this.#options.trace !== undefined && epoch === 0 && number === tracedStep;
      if (tracing) {
        await Promise.all(inFlight.splice(0));
        startTrace();
      }
      const { values } = await step.enqueue(batch);
      const done = values.then(({ loss: value, logits }) => {
        loss.add(value, batch.count);
        accuracy.add(countCorrect(logits, batch.labels, logits.length / batch.count) / batch.count, batch.count);
        clock.images += batch.count;
        const stepsLeft = epochs * stepsPerEpoch - (epoch * stepsPerEpoch + number + 1);
        onProgress?.({
          epoch,
          epochs,
          step: number + 1,
          stepsPerEpoch,
          loss: loss.value,
          accuracy: accuracy.value,
          imagesPerSecond: clock.images / clock.trainingSoFar(),
          secondsLeft: (clock.trainingSoFar() / (clock.images / this.#loader.batchSize)) * stepsLeft,
        });
      });
      done.catch(() => undefined); // awaited below, but not if a step before it fails
      inFlight.push(done);
      if (tracing) {
        await Promise.all(inFlight.splice(0));
        await writeTrace(this.#options.trace as string, stopTrace()); // it is why we are tracing
      }
      if (inFlight.length >= STEPS_IN_FLIGHT) await inFlight.shift();
    }
    await Promise.all(inFlight);
    clock.pause();
    if (signal?.aborted) return undefined;
    const trainSeconds = (performance.now() - begin) / 1000;
    const tested = test && (await this.evaluate(test));
    return {
      epoch,
      trainLoss: loss.value,
      trainAccuracy: accuracy.value,
      ...(tested && { testLoss: tested.loss, testAccuracy: tested.accuracy }),
      learningRate: optimizer.lr,
      seconds: trainSeconds,
      imagesPerSecond: this.#options.train.count / trainSeconds,
    };
  }

  #makeStep(): TrainingStep {
    const { model, optimizer, train, capture, labelSmoothing = 0, precision = 'fp32' } = this.#options;
    return new TrainingStep({
      imageShape: train.shape,
      capture: capture !== false,
      optimizer,
      forward: (images, labels) => {
        const logits = autocast(precision, () => model.forward(images));
        return { logits, loss: crossEntropy(logits, labels, { labelSmoothing }) };
      },
      update: () => {
        const scale = this.#clip === undefined ? undefined : gradientNorm(optimizer.parameters, this.#clip).scale;
        optimizer.apply(scale);
      },
    });
  }
}

/** Time spent training, evaluations apart, and images trained on. */
class Clock {
  images = 0;
  training = 0;
  readonly #start = performance.now();
  #resumed = this.#start;

  resume(): void {
    this.#resumed = performance.now();
  }

  pause(): void {
    this.training = this.trainingSoFar();
    this.#resumed = performance.now();
  }

  trainingSoFar(): number {
    return this.training + (performance.now() - this.#resumed) / 1000;
  }

  sinceStart(): number {
    return (performance.now() - this.#start) / 1000;
  }
}
