import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../io/formats/file-error.js';
import { readSafetensors } from '../io/formats/safetensors.js';
import { readArchitecture } from '../io/pretrained/layouts/architecture.js';
import { readModelMetadata } from '../io/pretrained/model-metadata.js';
import { contradiction, optionText } from '../io/pretrained/own-config.js';
import { describedModel } from '../io/pretrained/own-model.js';
import type { PretrainedConfig } from '../io/pretrained/pretrained-config.js';
import '../io/pretrained/pretrained.js';
import { loadSafetensors } from '../io/state-dict.js';
import { withoutInit } from '../nn/init.js';
import type { ViTConfig } from '../nn/vit/config.js';
import { ViT } from '../nn/vit/vit.js';
import { type ReadRunConfig, readRunConfig } from './run-config.js';
import { RUN_FILES } from './run-folder.js';

interface Run {
  readonly model: ViT;
  readonly config: ReadRunConfig;
}

// A training that ends meanwhile puts another run in the folder's place; hardly twice.
const MOST_TRIES = 3;

/** Builds a run's model again, with its weights, ready to be evaluated; both are of one run. */
export async function loadRun(folder: string): Promise<Run> {
  for (let tries = 1; ; tries++) {
    const before = await identity(folder);
    let run: Run | undefined;
    try {
      run = await load(folder);
    } catch (error) {
      if (tries === MOST_TRIES || before === (await identity(folder))) throw error;
    }
    if (run !== undefined && before === (await identity(folder))) return run;
    run?.model.dispose();
  }
}

/** Which folder it is that bears the name now. */
async function identity(folder: string): Promise<string> {
  const { dev, ino, birthtimeMs } = (await stat(folder).catch(() => undefined)) ?? {};
  return [dev, ino, birthtimeMs].join();
}

async function load(folder: string): Promise<Run> {
  const config = await readRunConfig(folder);
  const path = join(folder, RUN_FILES.model);
  const known = await checkWeights(config.model, path, join(folder, RUN_FILES.config));
  const weights = await loadSafetensors(path);
  try {
    const model = withoutInit(() => new ViT(config.model));
    model.loadStateDict(weights);
    const { classNames } = config;
    const named = known?.labels === undefined && classNames.length === config.model.numClasses;
    model.pretrainedConfig = known && named ? { ...known, labels: classNames } : known;
    return { model: model.eval(), config };
  } finally {
    for (const weight of weights.values()) weight.dispose();
  }
}

/**
 * Throws where the settings are not those of the weights, by what the file tells of itself; nothing is built.
 *
 * @returns what the file knows of images and classes
 */
async function checkWeights(model: ViTConfig, path: string, where: string): Promise<PretrainedConfig | undefined> {
  const file = await readSafetensors(path);
  try {
    const shapes = new Map(file.names().map((name) => [name, file.info(name).shape]));
    describedModel(model, readArchitecture(shapes, path), shapes, where);
    const own = readModelMetadata(file.metadata, path);
    const found = own && contradiction(model, own.config);
    if (found === undefined) return own?.pretrainedConfig;
    const advice = 'The two files are of different runs: train again.';
    throw fileError(
      `${optionText(found.name, found.known)}, as ${path} says,`,
      where,
      optionText(found.name, found.said),
      advice,
    );
  } finally {
    await file.close();
  }
}
