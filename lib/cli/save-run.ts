import { join, resolve } from 'node:path';
import { info } from '../info.js';
import { modelMetadata } from '../io/model-metadata.js';
import { saveSafetensors } from '../io/state-dict.js';
import type { ViT } from '../nn/vit.js';
import type { Evaluation } from '../train/evaluate.js';
import type { FitResult } from '../train/trainer.js';
import { RUN_FILES, type RunConfig, writeRunFile } from './run-folder.js';
import type { TrainSettings } from './train-settings.js';

/** Writes the weights, and what is needed to build the model again; gives the paths. */
export async function saveModel(settings: TrainSettings, model: ViT, classNames: readonly string[]): Promise<string[]> {
  const { data, out, report: _report, quiet: _quiet, ...training } = settings;
  const config: RunConfig = { model: model.config, classNames, data: data === null ? null : resolve(data), training };
  await writeRunFile(out, RUN_FILES.config, `${JSON.stringify(config, null, 2)}\n`);
  const path = join(out, RUN_FILES.model);
  await saveSafetensors(path, model.stateDict(), modelMetadata(model));
  return [path, join(out, RUN_FILES.config)];
}

/** Writes how training went, in numbers; gives the path. */
export async function saveSummary(
  settings: TrainSettings,
  model: ViT,
  result: FitResult,
  evaluation: Evaluation,
): Promise<string> {
  const { version, threads, isa, blas } = info();
  const summary = {
    testAccuracy: evaluation.accuracy,
    testLoss: evaluation.loss,
    trainSeconds: result.trainSeconds,
    imagesPerSecond: result.imagesPerSecond,
    epochs: result.history.length,
    stopped: result.stopped,
    seed: settings.seed,
    parameters: model.numParameters(),
    threads,
    isa,
    blas,
    version,
  };
  await writeRunFile(settings.out, RUN_FILES.summary, `${JSON.stringify(summary, null, 2)}\n`);
  return join(settings.out, RUN_FILES.summary);
}
