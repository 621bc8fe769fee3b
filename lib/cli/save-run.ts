import { info } from '../info.js';
import type { PretrainedModel } from '../io/pretrained/families.js';
import { modelMetadata } from '../io/pretrained/model-metadata.js';
import { saveSafetensors } from '../io/state-dict.js';
import type { Evaluation } from '../train/evaluate.js';
import type { FitResult } from '../train/fit-result.js';
import type { RunConfig } from './run-config.js';
import { RUN_FILES } from './run-folder.js';
import type { RunWriter } from './run-writer.js';

/** Writes the weights, and what is needed to build the model again. */
export async function saveModel(run: RunWriter, model: PretrainedModel, config: RunConfig): Promise<void> {
  await run.write(RUN_FILES.config, `${JSON.stringify(config, null, 2)}\n`);
  await run.write(RUN_FILES.classes, `${JSON.stringify(config.classNames, null, 2)}\n`);
  await saveSafetensors(run.path(RUN_FILES.model), model.stateDict(), modelMetadata(model));
}

/** Writes how training went, in numbers. */
export async function saveSummary(
  run: RunWriter,
  seed: number,
  model: PretrainedModel,
  result: FitResult,
  evaluation: Evaluation,
): Promise<void> {
  const { version, threads, isa, blas } = info();
  const summary = {
    testAccuracy: evaluation.accuracy,
    testLoss: evaluation.loss,
    trainSeconds: result.trainSeconds,
    imagesPerSecond: result.imagesPerSecond,
    epochs: result.history.length,
    stopped: result.stopped,
    seed,
    parameters: model.numParameters(),
    threads,
    isa,
    blas,
    version,
  };
  await run.write(RUN_FILES.summary, `${JSON.stringify(summary, null, 2)}\n`);
}
