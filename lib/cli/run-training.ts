import { access, constants } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { expected } from '../check.js';
import type { ArrayDataset } from '../data/dataset.js';
import { DataLoader } from '../data/loader.js';
import { evaluate, info, ModelEma, setThreads, Trainer } from '../index.js';
import { fileErrorFrom } from '../io/formats/file-error.js';
import type { ViT } from '../nn/vit/vit.js';
import { collectReportData } from '../report/collect.js';
import { formatCount, formatDuration, formatPercent } from '../report/format.js';
import { renderReport } from '../report/render.js';
import type { Evaluation } from '../train/evaluate.js';
import type { FitResult } from '../train/fit-result.js';
import { machineFacts, settingFacts } from './facts.js';
import { listenForInterrupts } from './interrupt.js';
import { makeOptimizer, makeSchedule } from './make-optimizer.js';
import { progressDisplay } from './progress.js';
import { checkpointFolder, finishCheckpoints, removeCheckpoints } from './run-checkpoints.js';
import { type RunConfig, runConfig } from './run-config.js';
import { RUN_FILES } from './run-folder.js';
import { RunWriter } from './run-writer.js';
import { saveModel, saveSummary } from './save-run.js';
import type { TrainFlags, TrainSettings } from './train-settings.js';
import { type Prepared, prepareTraining } from './training-data.js';

/** Trains as the flags say, shows how it goes, and leaves model, settings, summary and report in the run's folder. */
export async function runTraining(flags: TrainFlags): Promise<void> {
  if (flags.threads !== undefined) setThreads(flags.threads);
  const { settings, model, train, trainCount, test, classNames } = await prepareTraining(flags);
  const config = runConfig(settings, model.config, classNames);
  const bytes = Float32Array.BYTES_PER_ELEMENT * model.numParameters();
  const run = await RunWriter.open(settings.out, config, { force: settings.force, bytes });
  try {
    const trace = settings.trace === undefined ? undefined : run.redirect(settings.trace);
    if (trace !== undefined) await checkWritable(dirname(trace), '--trace');
    const checkpoints = settings.checkpoints ? checkpointFolder(settings.out) : undefined;
    if (checkpoints !== undefined && settings.force && !settings.resume) await removeCheckpoints(checkpoints);
    if (!settings.quiet) announce(model, trainCount, test);
    const { result, exitCode } = await trainToEnd(
      { ...settings, trace },
      { model, train, trainCount, test },
      checkpoints,
    );
    const evaluation = await evaluate(model, test, { batchSize: settings.batch, precision: settings.precision });
    checkFinite(result, evaluation);
    await saveRun(run, config, settings, { model, test, result, evaluation, trainCount });
    await run.commit();
    printResult(result, evaluation, settings);
    if (checkpoints !== undefined) await finishCheckpoints(checkpoints, result, settings);
    if (exitCode !== undefined) process.exitCode = exitCode;
  } catch (error) {
    await run.abandon();
    throw error;
  } finally {
    if (train instanceof DataLoader) await train.dispose();
  }
}

interface Trained {
  readonly model: ViT;
  readonly test: ArrayDataset;
  readonly result: FitResult;
  readonly evaluation: Evaluation;
  readonly trainCount: number;
}

/** Writes all files of the run. */
async function saveRun(run: RunWriter, config: RunConfig, settings: TrainSettings, trained: Trained): Promise<void> {
  const { model, test, result, evaluation, trainCount } = trained;
  await saveModel(run, model, config);
  await saveSummary(run, settings.seed, model, result, evaluation);
  if (!settings.report) return;
  const data = await collectReportData(model, {
    title: `Vision Transformer on ${settings.data === null ? 'digits' : basename(resolve(settings.data))}`,
    test,
    evaluation,
    training: result,
    classNames: config.classNames,
    settings: settingFacts(settings, model, trainCount),
    machine: machineFacts(),
  });
  await run.write(RUN_FILES.report, renderReport(data));
}

/** Throws where training has left numbers that are none: nothing of it is worth a report, or a file. */
function checkFinite({ history }: FitResult, { loss }: Evaluation): void {
  const losses = [...history.map(({ trainLoss }) => trainLoss), loss];
  const wrong = losses.find((value) => !Number.isFinite(value));
  if (wrong === undefined) return;
  throw expected('a finite loss', 'training', wrong, 'Lower --lr, or cut the gradients with --clip-grad.');
}

async function checkWritable(folder: string, flag: string): Promise<void> {
  try {
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw fileErrorFrom(cause, 'a folder to write to', flag);
  }
}

async function trainToEnd(
  settings: TrainSettings,
  { model, train, trainCount, test }: Pick<Prepared, 'model' | 'train' | 'trainCount' | 'test'>,
  checkpoints: string | undefined,
): Promise<{ result: FitResult; exitCode: number | undefined }> {
  const { batch, epochs, clip, labelSmoothing, gradAccumSteps, seed, capture, precision, trace } = settings;
  const display = settings.quiet ? undefined : progressDisplay(process.stdout, epochs);
  const interruption = listenForInterrupts(() => {
    display?.end();
    console.error('vitrine: stopping after this step, then saving the model; once more quits at once');
  });
  const ema = settings.ema === null ? undefined : new ModelEma(model, { decay: settings.ema, warmup: true });
  try {
    const result = await new Trainer({
      model,
      optimizer: makeOptimizer(settings, model),
      schedule: makeSchedule(settings, trainCount),
      train,
      test,
      batchSize: batch,
      epochs,
      seed,
      ...(clip > 0 && { clipGradNorm: clip }),
      labelSmoothing,
      gradAccumSteps,
      capture,
      precision,
      gradCheckpointing: settings.gradCheckpointing,
      ...(ema && { ema }),
      ...(checkpoints !== undefined && { checkpoints: { folder: checkpoints } }),
      ...(settings.resume && { resume: 'auto' }),
      ...(trace !== undefined && { trace }),
      ...(display && {
        onProgress: (progress) => display.step(progress),
        onEpoch: (record) => display.epoch(record),
      }),
      signal: interruption.signal,
    }).fit();
    if (ema !== undefined) model.loadStateDict(ema.stateDict());
    return { result, exitCode: interruption.exitCode() };
  } finally {
    ema?.dispose();
    display?.end();
    interruption.release();
  }
}

function announce(model: ViT, trainCount: number, test: ArrayDataset): void {
  const { threads, isa } = info();
  const counts = `${formatCount(trainCount)} images, ${formatCount(test.count)} to test with`;
  const machine = `${threads} ${threads === 1 ? 'thread' : 'threads'}, ${isa}`;
  console.log(`A ViT of ${formatCount(model.numParameters())} parameters, ${counts}; ${machine}`);
}

function printResult(
  { history, trainSeconds, imagesPerSecond }: FitResult,
  evaluation: Evaluation,
  { out, report }: TrainSettings,
): void {
  const epochs = `${history.length} ${history.length === 1 ? 'epoch' : 'epochs'}`;
  const speed = `${formatDuration(trainSeconds)} (${formatCount(imagesPerSecond)} images/s)`;
  console.log(`Test accuracy ${formatPercent(evaluation.accuracy)} after ${epochs} in ${speed}`);
  for (const name of Object.values(RUN_FILES)) {
    if (report || name !== RUN_FILES.report) console.log(`  ${join(out, name)}`);
  }
}
