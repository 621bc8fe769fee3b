import * as init from '../nn/init.js';
import { ViT } from '../nn/vit.js';
import type { ViTConfig, ViTOptions } from '../nn/vit-config.js';
import { type CheckpointFiles, openCheckpointFiles } from './checkpoint-files.js';
import { fileError } from './file-error.js';
import { fillParameters } from './fill-parameters.js';
import { type Misfits, misfits, shapeOfPiece } from './fit.js';
import type { JsonFields } from './json-fields.js';
import { type Architecture, inferArchitecture } from './layouts/architecture.js';
import type { Evidence, Layout, LayoutName, ModelSize } from './layouts/layout.js';
import { recogniseLayout } from './layouts/recognise.js';
import { type Mapping, mapNames } from './layouts/rules.js';
import { resizePositions } from './position-resize.js';
import type { Preprocessing } from './preprocessing.js';
import { unwrap } from './unwrap.js';

/** Where a pretrained model comes from, and what it expects of images. */
export interface PretrainedConfig extends Preprocessing {
  readonly layout: LayoutName;
  /** The classes' names, where the checkpoint has them and the head is its own. */
  readonly labels?: readonly string[];
}

/** A model with its weights, and what is known of them. */
export interface Pretrained {
  readonly model: ViT;
  readonly pretrainedConfig: PretrainedConfig;
}

/** See `ViT.fromPretrained`. */
export async function loadPretrained(path: string, options: ViTOptions): Promise<Pretrained> {
  const files = await openCheckpointFiles(path);
  try {
    return await load(files, options);
  } finally {
    await files.weights.close();
  }
}

async function load(files: CheckpointFiles, options: ViTOptions): Promise<Pretrained> {
  const { config: described, preprocessor } = files;
  const weights = unwrap(files.weights);
  const infos = new Map(weights.names().map((name) => [name, weights.info(name)]));
  const evidence: Evidence = { path: weights.path, infos, config: described, preprocessor };
  const layout = recogniseLayout(evidence);
  const reading = layout.read(evidence);
  const mapping = mapNames(reading.names, reading.rules, (source) => infos.get(source)?.shape[0] ?? 0);
  const given: ViTOptions = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const configured = layout.configure(evidence);
  const architecture = inferArchitecture(shapesOf(mapping, evidence), { configured, given }, weights.path);
  const config: ViTOptions = { ...configured, ...architecture.config, ...given };
  const ownHead = (given.numClasses ?? architecture.config.numClasses) === architecture.config.numClasses;
  if (!ownHead) replaceHead(mapping, config, given);

  const model = init.withoutInit(() => new ViT(config));
  try {
    const parameters = model.namedParameters();
    const fresh = new Set(ownHead ? [] : [...parameters.keys()].filter((name) => isHead(name)));
    const converted = positionConversion(model, layout, architecture);
    const unfit = misfits(parameters, mapping, infos, reading, { fresh, resized: new Set(converted.keys()) });
    if (unfit !== undefined) throw misfitError(unfit, weights.path, layout);
    await fillParameters(weights, parameters, mapping.pieces, converted);
    for (const name of fresh) {
      const parameter = parameters.get(name);
      if (parameter !== undefined) init.zeros(parameter);
    }
  } catch (error) {
    model.dispose();
    throw error;
  }
  const labels = ownHead && described !== undefined ? labelsOf(described, model.config.numClasses) : undefined;
  const preprocessing = layout.preprocessing(evidence, sizeOf(model.config));
  return {
    model: model.eval(),
    pretrainedConfig: { layout: layout.name, ...preprocessing, ...(labels && { labels }) },
  };
}

function shapesOf({ pieces }: Mapping, { infos }: Evidence): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const [own, [piece]] of pieces) {
    const shape = piece && shapeOfPiece(piece, infos);
    if (shape !== undefined) shapes.set(own, shape);
  }
  return shapes;
}

function isHead(name: string): boolean {
  return /^head(_dist)?\.(weight|bias)$/.test(name);
}

/**
 * Leaves the checkpoint's head out for one of other classes; with the layer before it, as the paper does.
 * Source: Dosovitskiy et al. 2021, section 3.2.
 */
function replaceHead({ pieces }: Mapping, config: ViTOptions, given: ViTOptions): void {
  const representation = given.representationSize === undefined && given.numClasses !== 0;
  if (representation) delete config.representationSize;
  for (const own of [...pieces.keys()]) {
    if (isHead(own) || (representation && own.startsWith('pre_logits.'))) pieces.delete(own);
  }
}

/** How to make the positions of the model's grid from those of the checkpoint's, where they differ. */
function positionConversion(
  model: ViT,
  { positionResize }: Layout,
  { grid, positionPrefix }: Architecture,
): Map<string, (values: Float32Array) => Float32Array> {
  const [, positions] = model.posEmbed?.shape ?? [];
  const differs = grid !== undefined && (grid[0] !== model.grid[0] || grid[1] !== model.grid[1]);
  // Where it is not just the grid that differs, the shape is wrong.
  if (!differs || positions !== positionPrefix + model.grid[0] * model.grid[1]) return new Map();
  const resize = (values: Float32Array): Float32Array =>
    resizePositions(values, positionPrefix, grid, model.grid, positionResize);
  return new Map([['pos_embed', resize]]);
}

function misfitError({ count, told }: Misfits, path: string, { name }: Layout): Error {
  const advice = 'Nothing was loaded. Check that the file is whole, and the options against its model.';
  const what = `the weights of one ViT in the layout of ${name}`;
  return fileError(what, path, `a file in which ${count} tensors do not fit: ${told}`, advice);
}

function sizeOf({ inChans, embedDim, depth, distilled, imgSize }: Readonly<ViTConfig>): ModelSize {
  const size = typeof imgSize === 'number' ? ([imgSize, imgSize] as const) : imgSize;
  return { imgSize: size, inChans, embedDim, depth, distilled };
}

/** Hugging Face's `id2label`, or timm's `label_names`. */
function labelsOf(config: JsonFields, numClasses: number): string[] | undefined {
  const names = config.raw('label_names');
  const byId = config.object('id2label');
  const labels = Array.from({ length: numClasses }, (_, i) => (Array.isArray(names) ? names[i] : byId?.raw(String(i))));
  return numClasses > 0 && labels.every((label) => typeof label === 'string') ? labels : undefined;
}
