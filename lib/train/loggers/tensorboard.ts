import { appendFile, close, fstat, ftruncate, open } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkBoolean, expected } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { fileErrorFrom } from '../../io/formats/file-error.js';
import type { Logs, TrainerCallback, TrainingState } from '../callbacks.js';
import type { EpochRecord } from '../epoch-record.js';
import type { Evaluation } from '../evaluate.js';
import { numbersOf } from './numbers-of.js';
import {
  type EventTime,
  histogramEvent,
  imageEvent,
  restartEvent,
  scalarEvent,
  textEvent,
  versionEvent,
} from './tensorboard-event.js';

/** Options of `loggers.TensorBoard`. */
export interface TensorBoardOptions {
  /** Whether each epoch shows how the weights are distributed. Default false. */
  histograms?: boolean;
}

const NAMES: OptionNames<TensorBoardOptions> = { histograms: true };

// Numbers, not handles, which warn where one is left open; of a process that ends the system closes them.
const [openFile, appendTo, closeFile] = [promisify(open), promisify(appendFile), promisify(close)];
const [statFile, cutFile] = [promisify(fstat), promisify(ftruncate)];

// Two boards may begin in one second.
let boards = 0;

/**
 * Writes a folder of events for `tensorboard --logdir`: losses, accuracies, rates and metrics as a training goes on, and
 * whatever else it is given. The file of a training is opened once, and closed at its end; a training that is gone on with
 * takes back what was told of steps that come again.
 *
 * @throws TypeError for a folder that is no path, and unknown options
 * @example
 * new Trainer({ ...options, callbacks: [new loggers.TensorBoard('runs/first')] });
 */
export class TensorBoard implements TrainerCallback {
  readonly #folder: string;
  readonly #histograms: boolean;
  readonly #number = boards++;
  #path: string | undefined;
  #file: number | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(folder: string, options: TensorBoardOptions = {}) {
    if (typeof folder !== 'string' || folder === '') throw expected('a path', 'TensorBoard folder', folder);
    checkOptions(options, NAMES, 'TensorBoard');
    this.#folder = folder;
    this.#histograms = checkBoolean(options.histograms ?? false, 'TensorBoard histograms');
  }

  /** A number under a name; a slash in that makes groups. */
  scalar(tag: string, value: number, step: number): Promise<void> {
    return this.#write(scalarEvent(at(step), tag, value));
  }

  /** How values are distributed. */
  histogram(tag: string, values: Float32Array, step: number): Promise<void> {
    return this.#write(histogramEvent(at(step), tag, values));
  }

  /** A picture, as a PNG of its size. */
  image(tag: string, image: { height: number; width: number; png: Uint8Array }, step: number): Promise<void> {
    return this.#write(imageEvent(at(step), tag, image));
  }

  /** A text, in Markdown. */
  text(tag: string, text: string, step: number): Promise<void> {
    return this.#write(textEvent(at(step), tag, text));
  }

  /** Closes the file, once all is written; it is opened again where more is. */
  close(): Promise<void> {
    const closed = this.#writing.then(async () => {
      const file = this.#file;
      this.#file = undefined;
      if (file !== undefined) await closeFile(file);
    });
    this.#writing = closed.catch(() => undefined); // who asked hears of it
    return closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Tells that steps after this one come again, where a training is gone on with. */
  async onTrainBegin({ globalStep }: TrainingState): Promise<void> {
    if (globalStep > 0) await this.#write(restartEvent(at(globalStep + 1)));
  }

  /** Closes the file. */
  onTrainEnd(): Promise<void> {
    return this.close();
  }

  async onLog({ globalStep }: TrainingState, { loss, learningRate, imagesPerSecond }: Logs): Promise<void> {
    await this.scalar('train/loss', loss, globalStep);
    await this.scalar('train/learningRate', learningRate, globalStep);
    await this.scalar('train/imagesPerSecond', imagesPerSecond, globalStep);
  }

  /** Writes loss, accuracy and metrics. */
  async onEvaluate({ globalStep }: TrainingState, { loss, accuracy, metrics }: Evaluation): Promise<void> {
    const scores = { loss, accuracy, ...numbersOf(metrics ?? {}) };
    for (const [name, value] of Object.entries(scores)) await this.scalar(`test/${name}`, value, globalStep);
  }

  /** Writes loss and accuracy of training. */
  async onEpochEnd({ globalStep, model }: TrainingState, { trainLoss, trainAccuracy }: EpochRecord): Promise<void> {
    await this.scalar('epoch/loss', trainLoss, globalStep);
    if (trainAccuracy !== undefined) await this.scalar('epoch/accuracy', trainAccuracy, globalStep);
    if (!this.#histograms) return;
    for (const [name, parameter] of model.namedParameters()) {
      await this.histogram(`weights/${name}`, Float32Array.from(await parameter.data()), globalStep);
    }
  }

  /** One after the other, in their order. */
  #write(event: Uint8Array): Promise<void> {
    const written = this.#writing.then(() => this.#append(event));
    this.#writing = written.catch(() => undefined); // who asked hears of it
    return written;
  }

  /** @throws TypeError, one sentence, where there is no room; a part of a record does not stay. */
  async #append(event: Uint8Array): Promise<void> {
    let whole: { file: number; bytes: number } | undefined;
    try {
      const file = await this.#open();
      whole = { file, bytes: (await statFile(file)).size };
      await appendTo(file, event);
    } catch (cause) {
      if (whole !== undefined) await cutFile(whole.file, whole.bytes).catch(() => undefined); // a device cannot be
      const advice = 'Is there room, and the right to write?';
      throw fileErrorFrom(cause, 'a file that events can be added to', this.#path ?? this.#folder, advice);
    }
  }

  async #open(): Promise<number> {
    if (this.#file !== undefined) return this.#file;
    if (this.#path === undefined) {
      await mkdir(this.#folder, { recursive: true });
      const seconds = Date.now() / 1000;
      const name = `events.out.tfevents.${Math.floor(seconds)}.${hostname()}.${process.pid}.${this.#number}`;
      const path = join(this.#folder, name);
      const file = await openFile(path, 'a');
      try {
        await appendTo(file, versionEvent(seconds));
      } catch (error) {
        await closeFile(file);
        await rm(path, { force: true });
        throw error;
      }
      this.#file = file;
      this.#path = path;
      return file;
    }
    this.#file = await openFile(this.#path, 'a');
    return this.#file;
  }
}

function at(step: number): EventTime {
  return { wallTime: Date.now() / 1000, step };
}
