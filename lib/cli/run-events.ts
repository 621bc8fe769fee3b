import { printable } from '../check.js';
import type { ReportFact } from '../report/report-data.js';
import type { TrainerCallback, TrainingState } from '../train/callbacks.js';
import { TensorBoard } from '../train/loggers/tensorboard.js';
import type { RunWriter } from './run-writer.js';

/**
 * A run's events for TensorBoard, in the run's folder from the first step on, and the settings as a text. A training that
 * is gone on with adds to what is there; one that begins puts an earlier run's events aside.
 */
export class RunEvents extends TensorBoard implements TrainerCallback {
  readonly #run: RunWriter;
  readonly #settings: readonly ReportFact[];

  constructor(run: RunWriter, settings: readonly ReportFact[]) {
    super(run.eventsFolder);
    this.#run = run;
    this.#settings = settings;
  }

  override async onTrainBegin(state: TrainingState): Promise<void> {
    await this.#run.openEvents(state.globalStep > 0);
    await super.onTrainBegin(state);
    await this.text('settings', table(this.#settings), state.globalStep);
  }
}

/** In Markdown. */
function table(facts: readonly ReportFact[]): string {
  const cell = (text: string): string => printable(text).replaceAll('|', '\\|');
  return [
    '| setting | value |',
    '|---|---|',
    ...facts.map(({ name, value }) => `| ${cell(name)} | ${cell(value)} |`),
  ].join('\n');
}
