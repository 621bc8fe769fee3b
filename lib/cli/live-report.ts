import { HtmlReport, type HtmlReportOptions } from '../report/html-report.js';
import type { TrainerCallback } from '../train/callbacks.js';
import type { Classifier, Evaluation } from '../train/evaluate.js';
import type { FitResult } from '../train/fit-result.js';
import { RUN_FILES } from './run-folder.js';
import type { RunWriter } from './run-writer.js';

/** A run's `report.html`: in the run's folder while it goes on, and among the run's other files at its end. */
export class LiveReport {
  readonly #run: RunWriter;
  readonly #report: HtmlReport;

  private constructor(run: RunWriter, report: HtmlReport) {
    this.#run = run;
    this.#report = report;
  }

  static async open(run: RunWriter, options: HtmlReportOptions): Promise<LiveReport> {
    const files = await run.openLive();
    return new LiveReport(run, new HtmlReport(files.path(RUN_FILES.report), options));
  }

  /** What is to be told of the training. Its end is not: the last page shows the model as it is saved, see `end`. */
  get callback(): TrainerCallback {
    const report = this.#report;
    return {
      onTrainBegin: () => report.onTrainBegin(),
      onEvaluate: (state, evaluation) => report.onEvaluate(state, evaluation),
      onEpochEnd: (state, record) => report.onEpochEnd(state, record),
    };
  }

  /** Writes the last page. */
  async end(model: Classifier, evaluation: Evaluation, epochs: number, result: FitResult): Promise<void> {
    await this.#run.write(RUN_FILES.report, await this.#report.lastPage(model, evaluation, epochs, result));
  }

  /** Says on the page why the training came to no end. */
  async fail(error: unknown): Promise<void> {
    await this.#report.fail(error instanceof Error ? error.message : String(error));
  }
}
