import { basename, join, resolve } from 'node:path';
import { expected, printable } from '../check.js';
import type { ArrayDataset } from '../data/dataset.js';
import { DataLoader } from '../data/loader.js';
import { info, ModelEma, setThreads, Trainer } from '../index.js';
import type { PretrainedModel } from '../io/pretrained/families.js';
import { formatCount, formatDuration, formatPercent } from '../report/format.js';
import type { HtmlReportOptions } from '../report/html-report.js';
import type { Evaluation } from '../train/evaluate.js';
import type { FitResult } from '../train/fit-result.js';
import { JsonLines, jsonLine } from '../train/loggers/json-lines.js';
import { settingFacts } from './facts.js';
import { type Interruption, listenForInterrupts } from './interrupt.js';
import { LiveReport } from './live-report.js';
import { makeSchedule } from './make-optimizer.js';
import { checkOutputFile } from './output-file.js';
import { progressDisplay } from './progress.js';
import {
  beginCheckpoints,
  checkpointFolder,
  dropUnused,
  finishCheckpoints,
  isDone,
  removeCheckpoints,
} from './run-checkpoints.js';
import { type RunConfig, runConfig } from './run-config.js';
import { RunEvents } from './run-events.js';
import { EVENTS_FOLDER, RUN_FILES } from './run-folder.js';
import { RunMetrics } from './run-metrics.js';
import { RunWriter } from './run-writer.js';
import { saveModel, saveSummary } from './save-run.js';
import type { TrainFlags, TrainSettings } from './train-settings.js';
import { trainerOptions } from './trainer-options.js';
import { type Prepared, prepareTraining } from './training-data.js';

/** Trains as the flags say, shows how it goes, and leaves model, settings, summary and report in the run's folder. */
export async function runTraining(flags: TrainFlags): Promise<void> {
  if (flags.threads !== undefined) setThreads(flags.threads);
  const prepared = await prepareTraining(flags);
  const { settings, model, classNames, train } = prepared;
  if (flags.precision === 'auto') console.error(`--precision auto: ${settings.precision}, the faster here`);
  const config = runConfig(settings, model.config, classNames);
  if (settings.resume && !settings.force && (await isDone(settings.out, config))) {
    if (train instanceof DataLoader) await train.dispose();
    console.error(
      `vitrine: ${printable(settings.out)} is done: nothing to go on with. To train it anew, take --force.`,
    );
    return;
  }
  const bytes = Float32Array.BYTES_PER_ELEMENT * model.numParameters();
  const run = await RunWriter.open(settings.out, config, { force: settings.force, bytes });
  const interruption = listenForInterrupts();
  try {
    await trainInto(run, config, prepared, interruption);
  } catch (error) {
    if (settings.checkpoints) await dropUnused(checkpointFolder(settings.out));
    await run.abandon();
    if (interruption.signal.aborted && error === interruption.signal.reason) return; // before there was a model
    throw error;
  } finally {
    interruption.release();
    process.exitCode ??= interruption.exitCode();
    if (train instanceof DataLoader) await train.dispose();
  }
}

/** All of a run, from the checks of where it is to be written to its files in their place. */
async function trainInto(
  run: RunWriter,
  config: RunConfig,
  prepared: Prepared,
  interruption: Interruption,
): Promise<void> {
  const { settings, model, trainCount } = prepared;
  const trace = settings.trace === undefined ? undefined : run.redirect(settings.trace);
  if (trace !== undefined) await checkOutputFile(trace, '--trace');
  const checkpoints = settings.checkpoints ? checkpointFolder(settings.out) : undefined;
  if (checkpoints !== undefined) {
    if (settings.force && !settings.resume) await removeCheckpoints(checkpoints);
    await beginCheckpoints(checkpoints, config, settings);
  }
  const test = await prepared.loadTest(interruption.signal);
  if (!settings.quiet) announce(model, trainCount, test);
  const metrics = new RunMetrics(join(checkpoints ?? run.path('.'), RUN_FILES.metrics));
  const report = settings.report ? await LiveReport.open(run, reportOptions(prepared, test)) : undefined;
  const { tensorboard } = settings;
  const events = tensorboard ? new RunEvents(run, settingFacts(settings, model, trainCount)) : undefined;
  const around = { ...prepared, test, checkpoints, metrics, events, report, interruption };
  const { result, evaluation } = await trainAndTest({ ...settings, trace }, around);
  await metrics.copyTo(run.path(RUN_FILES.metrics));
  await saveModel(run, model, config);
  await saveSummary(run, settings.seed, model, result, evaluation);
  await report?.end(model, evaluation, settings.epochs, result);
  await run.commit();
  printResult(result, evaluation, settings);
  if (checkpoints !== undefined) await finishCheckpoints(checkpoints, result, settings);
}

function reportOptions(
  { settings, model, train, trainCount, classNames }: Prepared,
  test: ArrayDataset,
): HtmlReportOptions {
  return {
    title: `Vision Transformer on ${settings.data === null ? 'digits' : basename(resolve(settings.data))}`,
    train,
    test,
    classNames,
    settings: settingFacts(settings, model, trainCount),
  };
}

/** Trains, and sees how the model does; what goes wrong is said in the report, if there is a page of it yet. */
async function trainAndTest(
  settings: TrainSettings,
  around: Around,
): Promise<{ result: FitResult; evaluation: Evaluation }> {
  const { test, report } = around;
  try {
    const { trainer, result } = await trainToEnd(settings, around);
    const evaluation = await trainer.evaluate(test); // of the loss trained with, as after each epoch
    checkFinite(result, evaluation);
    return { result, evaluation };
  } catch (error) {
    await report?.fail(error);
    throw error;
  }
}

/** Throws where training has left numbers that are none: nothing of it is worth a report, or a file. */
function checkFinite({ history }: FitResult, { loss }: Evaluation): void {
  const losses = [...history.map(({ trainLoss }) => trainLoss), loss];
  const wrong = losses.find((value) => !Number.isFinite(value));
  if (wrong === undefined) return;
  throw expected('a finite loss', 'training', wrong, 'Lower --lr, or cut the gradients with --clip-grad.');
}

/** What a training takes besides its settings. */
interface Around extends Prepared {
  readonly test: ArrayDataset;
  readonly checkpoints: string | undefined;
  readonly metrics: RunMetrics;
  readonly events: RunEvents | undefined;
  readonly report: LiveReport | undefined;
  readonly interruption: Interruption;
}

/** Trains to the end, or until somebody interrupts; what is left is an ordinary model. */
async function trainToEnd(settings: TrainSettings, around: Around): Promise<{ trainer: Trainer; result: FitResult }> {
  const { model, lora, trainCount, test, checkpoints, metrics, events, report, interruption } = around;
  const { epochs, trace, quiet, json, resume } = settings;
  const display = quiet ? undefined : progressDisplay(process.stderr, epochs);
  interruption.onFirst(() => {
    display?.end();
    console.error('vitrine: stopping after this step, then saving the model; once more quits at once');
  });
  const ema = settings.ema === null ? undefined : new ModelEma(model, { decay: settings.ema, warmup: true });
  try {
    const trainer = new Trainer({
      ...trainerOptions(settings, around),
      schedule: makeSchedule(settings, trainCount),
      test,
      ...(ema && { ema }),
      ...(checkpoints !== undefined && { checkpoints: { folder: checkpoints } }),
      ...(resume && { resume: 'auto' }),
      ...(trace !== undefined && { trace }),
      ...(display && {
        onProgress: (progress) => display.step(progress),
        onEpoch: (record) => display.epoch(record),
      }),
      callbacks: [
        metrics,
        ...(json ? [new JsonLines((line) => process.stdout.write(line))] : []),
        ...(events ? [events] : []),
        ...(report ? [report.callback] : []),
      ],
      signal: interruption.signal,
    });
    const result = await trainer.fit();
    if (ema !== undefined) model.loadStateDict(ema.stateDict());
    lora?.merge().unload();
    return { trainer, result };
  } finally {
    ema?.dispose();
    display?.end();
  }
}

function announce(model: PretrainedModel, trainCount: number, test: ArrayDataset): void {
  const { threads, isa } = info();
  const trained = model.parameters().reduce((sum, { requiresGrad, size }) => sum + (requiresGrad ? size : 0), 0);
  const all = model.numParameters();
  const share = trained === all ? '' : `, of which ${formatCount(trained)} are trained`;
  const counts = `${formatCount(trainCount)} images, ${formatCount(test.count)} to test with`;
  const machine = `${threads} ${threads === 1 ? 'thread' : 'threads'}, ${isa}`;
  console.error(`A ${model.constructor.name} of ${formatCount(all)} parameters${share}; ${counts}; ${machine}`);
}

function printResult(
  result: FitResult,
  evaluation: Evaluation,
  { out, report, tensorboard, json }: TrainSettings,
): void {
  const { history, trainSeconds, imagesPerSecond } = result;
  const files = Object.values(RUN_FILES).filter((name) => report || name !== RUN_FILES.report);
  const names = [...files, ...(tensorboard ? [EVENTS_FOLDER] : [])];
  if (json) {
    const { accuracy: testAccuracy, loss: testLoss } = evaluation;
    const { steps, reason } = result;
    const told = { testAccuracy, testLoss, epochs: history.length, reason, trainSeconds, imagesPerSecond };
    process.stdout.write(jsonLine({ event: 'result', step: steps, ...told, out, files: names }));
    return;
  }
  const count = (n: number, what: string): string => `${formatCount(n)} ${what}${n === 1 ? '' : 's'}`;
  const trained = history.length > 0 ? count(history.length, 'epoch') : count(result.steps, 'step');
  const speed = `${formatDuration(trainSeconds)} (${formatCount(imagesPerSecond)} images/s)`;
  console.log(`Test accuracy ${formatPercent(evaluation.accuracy)} after ${trained} in ${speed}`);
  for (const name of names) console.log(`  ${join(out, name)}`);
}
