import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../io/formats/file-error.js';
import { readSafetensors } from '../io/formats/safetensors.js';
import type { PretrainedModel } from '../io/pretrained/families.js';
import { readArchitecture } from '../io/pretrained/layouts/architecture.js';
import { readModelMetadata } from '../io/pretrained/model-metadata.js';
import { type Contradiction, contradiction, optionText } from '../io/pretrained/own-config.js';
import { describedModel } from '../io/pretrained/own-model.js';
import { type PretrainedConfig, pretrainedConfigOf, setPretrainedConfig } from '../io/pretrained/pretrained-config.js';
import '../io/pretrained/pretrained.js';
import { withCheckpoint } from '../io/pretrained/open-checkpoint.js';
import { loadSwin } from '../io/pretrained/swin/load-swin.js';
import { loadSafetensors } from '../io/state-dict.js';
import { withoutInit } from '../nn/init.js';
import type { Swin } from '../nn/swin/swin.js';
import type { ViTConfig } from '../nn/vit/config.js';
import { ViT } from '../nn/vit/vit.js';
import { type ReadRunConfig, readRunConfig } from './run-config.js';
import { RUN_FILES } from './run-folder.js';

interface Run {
  readonly model: PretrainedModel;
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
  const { classNames } = config;
  const model = config.family === 'swin' ? await loadSwinRun(config, folder) : await loadViTRun(config, folder);
  const known = pretrainedConfigOf(model);
  const named = known !== undefined && known.labels === undefined && classNames.length === config.model.numClasses;
  if (named) setPretrainedConfig(model, { ...known, labels: classNames });
  return { model, config };
}

/** The file says all of its model; the settings must say the same. */
async function loadSwinRun(config: ReadRunConfig, folder: string): Promise<Swin> {
  const [path, where] = [join(folder, RUN_FILES.model), join(folder, RUN_FILES.config)];
  const model = await withCheckpoint(path, (checkpoint) => loadSwin(checkpoint, {}));
  for (const [name, known] of Object.entries(model.config)) {
    const said = config.model[name as keyof typeof config.model];
    if (JSON.stringify(said) === JSON.stringify(known)) continue;
    model.dispose();
    throw otherRun(path, where, { name, said, known });
  }
  return model;
}

async function loadViTRun({ model: config }: ReadRunConfig, folder: string): Promise<ViT> {
  const path = join(folder, RUN_FILES.model);
  const known = await checkWeights(config as ViTConfig, path, join(folder, RUN_FILES.config)); // of the family
  const weights = await loadSafetensors(path);
  try {
    const model = withoutInit(() => new ViT(config as ViTConfig));
    model.loadStateDict(weights);
    setPretrainedConfig(model, known);
    return model.eval();
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
    const found = own?.family === 'vit' ? contradiction(model, own.config) : undefined;
    if (found === undefined) return own?.pretrainedConfig;
    throw otherRun(path, where, found);
  } finally {
    await file.close();
  }
}

function otherRun(path: string, where: string, { name, said, known }: Contradiction): Error {
  const advice = 'The two files are of different runs: train again.';
  return fileError(`${optionText(name, known)}, as ${path} says,`, where, optionText(name, said), advice);
}
