import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOneOf, expected, Text } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import type { ViT } from '../../nn/vit/vit.js';
import { writeFileAtomically } from '../formats/atomic-file.js';
import { fileErrorFrom } from '../formats/file-error.js';
import { writeSafetensors } from '../formats/safetensors.js';
import { fileEntries } from './file-entries.js';
import { INT8_METADATA, inInt8Entries } from './int8-weights.js';
import { huggingFaceConfig, huggingFaceProcessor } from './layouts/hugging-face-config.js';
import { objections, type SavedLayout, savedLayouts } from './layouts/objections.js';
import { writerFor } from './layouts/writers.js';
import { describeModel, modelMetadata, OWN_KEY } from './model-metadata.js';
import { pretrainedConfigOf } from './pretrained-config.js';

/** Options of `ViT.save`. */
export interface SaveOptions {
  /** Whose names and files. Default `'vitrine'`: any model, by timm's names, which are ours. */
  readonly layout?: SavedLayout;
  /**
   * `'int8'` stores linear layers' weights as whole numbers of 8 bits, a quarter of the file, with an error of up to half
   * of 1/127 of each output's largest weight. Without a layout only. Default `'fp32'`.
   */
  readonly precision?: 'fp32' | 'int8';
}

const NAMES: OptionNames<SaveOptions> = { layout: true, precision: true };

/** See `ViT.save`. */
export async function saveCheckpoint(model: ViT, path: string, options: SaveOptions): Promise<void> {
  checkOptions(options, NAMES, 'save');
  const { layout = 'vitrine' } = options;
  checkOneOf(layout, 'save layout', savedLayouts);
  const inInt8 = checkOneOf(options.precision ?? 'fp32', 'save precision', ['fp32', 'int8']) === 'int8';
  if (inInt8 && layout !== 'vitrine') {
    throw expected("no layout beside precision 'int8'", 'save', layout, 'No other library reads it.');
  }
  const against = objections(model.config, layout);
  if (against.length > 0) {
    const advice = 'Without a layout, save writes any model.';
    throw expected(`a model that ${layout} has too`, 'save', new Text(`one with ${against.join(', ')}`), advice);
  }
  if (layout === 'hf') return saveHuggingFace(model, path, modelMetadata(model, layout));
  const entries = fileEntries(model, writerFor(model.config, layout));
  const metadata = modelMetadata(model, layout);
  if (!inInt8) return writeSafetensors(path, entries, metadata);
  await writeSafetensors(path, inInt8Entries(model, entries), { ...metadata, ...INT8_METADATA });
}

async function saveHuggingFace(model: ViT, folder: string, metadata: Readonly<Record<string, string>>): Promise<void> {
  const entries = fileEntries(model, writerFor(model.config, 'hf')); // before any await
  const known = pretrainedConfigOf(model);
  const processor = known && huggingFaceProcessor(model.config, known); // before anything is written: it may refuse
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw fileErrorFrom(cause, 'a folder that may be made', folder, 'Hugging Face checkpoints are folders.');
  }
  await writeSafetensors(join(folder, 'model.safetensors'), entries, metadata);
  const config = huggingFaceConfig(model.config, known?.labels);
  await writeJson(join(folder, 'config.json'), { ...config, [OWN_KEY]: describeModel(model, 'hf') });
  if (processor !== undefined) await writeJson(join(folder, 'preprocessor_config.json'), processor);
}

const FLOATS = /("(?:rope_theta|layerscale_value|layer_scale_init_value|layer_norm_eps)": \d+)(?=,?\n)/g;

function writeJson(path: string, value: Readonly<Record<string, unknown>>): Promise<void> {
  const sorted = Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  // Transformers takes no integer for these: 100 is to be 100.0.
  const text = JSON.stringify(sorted, null, 2).replace(FLOATS, '$1.0');
  return writeFileAtomically(path, [Buffer.from(`${text}\n`)]);
}
