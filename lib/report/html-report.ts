import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { textChunks, writeFileAtomically } from '../io/formats/atomic-file.js';
import type { TrainerCallback, TrainingState } from '../train/callbacks.js';
import type { EpochRecord } from '../train/epoch-record.js';
import type { Classifier, Evaluation } from '../train/evaluate.js';
import type { FitResult } from '../train/fit-result.js';
import { checkTrainingData, type TrainingData } from '../train/training-data.js';
import { collectReportData, normalisedFor, type ReportSources } from './collect.js';
import { machineFacts } from './machine-facts.js';
import { reportPieces } from './render.js';
import type { ReportData, ReportFact, ReportState } from './report-data.js';
import { trainBatchOf } from './train-batch.js';

/** Options of `HtmlReport`. */
export interface HtmlReportOptions {
  /** Default: "Vision Transformer". */
  readonly title?: string;
  /** The training images, of which some are shown as the model sees them. Default: none are. */
  readonly train?: TrainingData;
  /** The Trainer's own test images: of them come confusions, classes, mistakes and attention. Default: none are shown. */
  readonly test?: TrainingData;
  /** Default: the classes' numbers. */
  readonly classNames?: readonly string[];
  /** Lines of the table of settings. */
  readonly settings?: readonly ReportFact[];
}

const NAMES: OptionNames<HtmlReportOptions> = {
  title: true,
  train: true,
  test: true,
  classNames: true,
  settings: true,
};

// A page takes some tenths of a second to make. This keeps it to a twentieth of the training's time, whatever an epoch's is.
const LEAST_SECONDS = 2;
const LEAST_SHARE = 20;

/**
 * Writes `report.html` as a training goes on, after each epoch but for short ones: curves, learning rate, throughput,
 * confusions, classes, mistakes, a training batch, attention. A page that is open in a browser loads itself anew for as long
 * as the training lasts; no server is needed.
 *
 * @throws TypeError for what is no path, unknown options, and data sets that do not go together
 * @example
 * new Trainer({ ...options, callbacks: [new HtmlReport('runs/first/report.html', { test: options.test })] });
 */
export class HtmlReport implements TrainerCallback {
  readonly #path: string;
  readonly #options: HtmlReportOptions;
  #trainBatch: ReportData['trainBatch'] | undefined;
  #evaluation: Evaluation | undefined;
  #last: ReportData | undefined;
  #began = performance.now();
  /** When the last page was begun, and how long it took; in milliseconds. */
  #written = { at: Number.NEGATIVE_INFINITY, took: 0 };

  constructor(path: string, options: HtmlReportOptions = {}) {
    if (typeof path !== 'string' || path === '') throw expected('a path', 'HtmlReport', path);
    checkOptions(options, NAMES, 'HtmlReport');
    const { title, classNames, settings, train, test } = options;
    if (title !== undefined && typeof title !== 'string') throw expected('a text', 'HtmlReport title', title);
    if (classNames !== undefined && !Array.isArray(classNames)) {
      throw expected('a list of names', 'HtmlReport classNames', classNames);
    }
    if (settings !== undefined && !Array.isArray(settings)) {
      throw expected('a list of { name, value }', 'HtmlReport settings', settings);
    }
    if (train !== undefined) checkTrainingData(train, 'HtmlReport train');
    if (test !== undefined) checkTrainingData(test, 'HtmlReport test');
    this.#path = path;
    this.#options = options;
  }

  /** Notes when the training begins. */
  onTrainBegin(): void {
    this.#began = performance.now();
  }

  /** Notes how the model does. */
  onEvaluate(_: TrainingState, evaluation: Evaluation): void {
    this.#evaluation = evaluation;
  }

  /** Writes the page, unless it was written just now. */
  async onEpochEnd(state: TrainingState, record: EpochRecord): Promise<void> {
    const { at, took } = this.#written;
    const due = at + Math.max(1000 * LEAST_SECONDS, LEAST_SHARE * took);
    const isLast = record.epoch === state.epochs - 1; // the page of the end follows
    if (performance.now() < due || isLast) return;
    const reloadSeconds = Math.ceil(Math.max(LEAST_SECONDS, record.seconds));
    const { model, epochs, history } = state;
    const trainSeconds = (performance.now() - this.#began) / 1000;
    const training = { history, trainSeconds, imagesPerSecond: record.imagesPerSecond };
    await this.#write(model, { kind: 'live', epochs, reloadSeconds }, training);
  }

  /** Writes the last page. */
  async onTrainEnd(state: TrainingState, { stopped, ...training }: FitResult): Promise<void> {
    await this.#write(state.model, { kind: stopped ? 'stopped' : 'done', epochs: state.epochs }, training);
  }

  /** @internal The page of the end in pieces, not written: of a model whose weights are no longer those of the last evaluation. */
  async lastPage(
    model: Classifier,
    evaluation: Evaluation,
    epochs: number,
    result: FitResult,
  ): Promise<Iterable<string>> {
    this.#evaluation = evaluation;
    const state: ReportState = { kind: result.stopped ? 'stopped' : 'done', epochs };
    return reportPieces(await this.#collect(model, state, result));
  }

  /** Says on the page why the training came to no end; nothing where there is no page yet. */
  async fail(message: string): Promise<void> {
    if (this.#last === undefined) return;
    const { epochs } = this.#last.state;
    await this.#save({ ...this.#last, state: { kind: 'failed', epochs, message } });
  }

  async #write(model: Classifier, state: ReportState, training: ReportSources['training']): Promise<void> {
    const at = performance.now();
    await this.#save(await this.#collect(model, state, training));
    this.#written = { at, took: performance.now() - at };
  }

  async #collect(model: Classifier, state: ReportState, training: ReportSources['training']): Promise<ReportData> {
    const { title = 'Vision Transformer', train, test, classNames = [], settings = [] } = this.#options;
    this.#trainBatch ??= train === undefined ? [] : await trainBatchOf(train, normalisedFor(model), classNames);
    return collectReportData(model, {
      title,
      state,
      training,
      test: test !== undefined && this.#evaluation ? { data: test, evaluation: this.#evaluation } : undefined,
      trainBatch: this.#trainBatch,
      classNames,
      settings,
      machine: machineFacts(),
    });
  }

  async #save(data: ReportData): Promise<void> {
    this.#last = data;
    await mkdir(dirname(this.#path), { recursive: true });
    await writeFileAtomically(this.#path, textChunks(reportPieces(data)));
  }
}
