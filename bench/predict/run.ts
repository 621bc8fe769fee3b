import { benchModel } from '../model.js';
import type { Session } from '../session.js';
import type { SuiteOptions } from '../suite.js';
import { modelCase } from '../suites/model-cases.js';
import type { Terminal } from '../terminal.js';
import type { Case, Precision } from '../work.js';
import { measure } from './measure.js';
import { type Prediction, predict } from './prediction.js';
import type { PoolCosts } from './schedule.js';
import { predictionText } from './text.js';

const MODELS = ['Ti/16', 'S/16', 'B/16'];
const TRAIN_BATCH = 16;
const THREADS = [2, 4, 8, 16, 32, 64, 128];

/** How to predict. */
export interface PredictFlags {
  readonly case?: RegExp;
  readonly json?: true;
  readonly seconds: number;
  readonly precision: Precision;
  readonly costs: PoolCosts;
}

/** A case's predictions, and what two threads really took: a line of `--json`. */
export interface PredictionRecord {
  readonly case: string;
  readonly costs: PoolCosts;
  /** Milliseconds of the fastest steps that were not traced. */
  readonly oneThreadMs: number;
  readonly twoThreadsMs: number | null;
  /** Steps of one thread that were traced. */
  readonly traces: number;
  readonly predictions: readonly Prediction[];
}

/** The steps whose time on more threads than there are is of interest. */
export function predictedCases(options: SuiteOptions): Case[] {
  const models = options.model === undefined ? MODELS : [options.model];
  const cases = (kind: 'train' | 'infer', batch: number): Case[] =>
    models.map((name) => {
      const model = benchModel(name, options);
      const title = `${kind} ${model.name} ${model.sizes.imgSize}px batch ${batch}`;
      return modelCase('scale', kind, model, batch, 1, title);
    });
  return [...cases('train', options.batch ?? TRAIN_BATCH), ...cases('infer', 1)];
}

/** Traces each case on one thread and prints what it would take on more. */
export async function runPredictions(
  cases: readonly Case[],
  flags: PredictFlags,
  { info, machine }: Session,
  terminal: Terminal,
): Promise<void> {
  if (!flags.json) console.log(`${info.cpu}, ${info.isa}, ${flags.precision}`);
  for (const item of cases) {
    terminal.onProgress(item.name);
    const measured = await measure(item, flags.precision, flags.seconds, machine.cpus);
    const record: PredictionRecord = {
      case: item.name,
      costs: flags.costs,
      oneThreadMs: measured.oneThread,
      twoThreadsMs: measured.twoThreads,
      traces: measured.traces,
      predictions: THREADS.map((threads) => predict(measured.profile, threads, flags.costs)),
    };
    terminal.clear();
    console.log(flags.json ? JSON.stringify(record) : `\n${predictionText(record)}`);
  }
}
