import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOneOf, expected, Text } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { Swin } from '../../nn/swin/swin.js';
import type { ViT } from '../../nn/vit/vit.js';
import { writeFileAtomically } from '../formats/atomic-file.js';
import { fileErrorFrom } from '../formats/file-error.js';
import { type TensorSource, writeSafetensors } from '../formats/safetensors.js';
import { fileEntries } from './file-entries.js';
import { INT8_METADATA, inInt8Entries } from './int8-weights.js';
import { huggingFaceConfig, huggingFaceProcessor } from './layouts/hugging-face-config.js';
import { objections, type SavedLayout, savedLayouts } from './layouts/objections.js';
import { writerFor } from './layouts/writers.js';
import { describeModel, modelMetadata, OWN_KEY } from './model-metadata.js';
import { pretrainedConfigOf } from './pretrained-config.js';
import { huggingFaceSwinConfig } from './swin/hugging-face-config.js';
import { microsoftBuffers, type SwinLayoutName, swinLayouts, swinObjections, swinWriter } from './swin/writers.js';

/** Options of `ViT.save` and `Swin.save`. */
export interface SaveOptions {
  /**
   * Whose names and files; of a Swin `'timm'`, `'hf'` or `'microsoft'`. Default `'vitrine'`: any model, by timm's names,
   * which are ours.
   */
  readonly layout?: SavedLayout | SwinLayoutName;
  /**
   * `'int8'` stores linear layers' weights as whole numbers of 8 bits, a quarter of the file, with an error of up to half
   * of 1/127 of each output's largest weight. Without a layout only. Default `'fp32'`.
   */
  readonly precision?: 'fp32' | 'int8';
}

const NAMES: OptionNames<SaveOptions> = { layout: true, precision: true };

type Json = Readonly<Record<string, unknown>>;
type Entries = [name: string, source: TensorSource][];

/** What a family's model is in a layout. */
interface Written {
  /** What the library's own has not. */
  readonly against: readonly string[];
  /** The tensors as they are at the call. */
  entries(): Entries;
  /** Transformers' config.json and preprocessor_config.json. */
  config(labels: readonly string[] | undefined): Json;
  processor(): Json | undefined;
  /** Fields of config.json that are floats, though they be whole. */
  readonly floats: readonly string[];
}

/** See `ViT.save`. */
export async function saveCheckpoint(model: ViT | Swin, path: string, options: SaveOptions): Promise<void> {
  checkOptions(options, NAMES, 'save');
  const { layout = 'vitrine' } = options;
  const written = model instanceof Swin ? swinIn(model, layout) : viTIn(model, layout);
  const inInt8 = checkOneOf(options.precision ?? 'fp32', 'save precision', ['fp32', 'int8']) === 'int8';
  if (inInt8 && layout !== 'vitrine') {
    throw expected("no layout beside precision 'int8'", 'save', layout, 'No other library reads it.');
  }
  if (written.against.length > 0) {
    const advice = 'Without a layout, save writes any model.';
    throw expected(
      `a model that ${layout} has too`,
      'save',
      new Text(`one with ${written.against.join(', ')}`),
      advice,
    );
  }
  const metadata = modelMetadata(model, layout);
  if (layout === 'hf') return saveHuggingFace(model, written, path, metadata);
  const entries = written.entries();
  if (!inInt8) return writeSafetensors(path, entries, metadata);
  await writeSafetensors(path, inInt8Entries(model, entries), { ...metadata, ...INT8_METADATA });
}

function viTIn(model: ViT, asked: string): Written {
  const layout = checkOneOf(asked, 'save layout', savedLayouts);
  const { config } = model;
  return {
    against: objections(config, layout),
    entries: () => fileEntries(model, writerFor(config, layout)),
    config: (labels) => huggingFaceConfig(config, labels),
    processor: () => processorOf(model, config),
    floats: ['rope_theta', 'layerscale_value', 'layer_scale_init_value', 'layer_norm_eps'],
  };
}

function swinIn(model: Swin, asked: string): Written {
  const layout = checkOneOf(asked, 'save layout of a Swin', swinLayouts);
  const { config } = model;
  return {
    against: swinObjections(config, layout),
    entries: () => [
      ...fileEntries(model, swinWriter(layout)),
      ...(layout === 'microsoft' ? microsoftBuffers(model) : []),
    ],
    config: (labels) => huggingFaceSwinConfig(config, labels),
    processor: () => processorOf(model, undefined),
    floats: ['mlp_ratio'],
  };
}

function processorOf(model: ViT | Swin, config: ViT['config'] | undefined): Json | undefined {
  const known = pretrainedConfigOf(model);
  return known && huggingFaceProcessor(config, known);
}

async function saveHuggingFace(
  model: ViT | Swin,
  written: Written,
  folder: string,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const entries = written.entries(); // before any await
  const processor = written.processor(); // before anything is written: it may refuse
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw fileErrorFrom(cause, 'a folder that may be made', folder, 'Hugging Face checkpoints are folders.');
  }
  await writeSafetensors(join(folder, 'model.safetensors'), entries, metadata);
  const config = { ...written.config(pretrainedConfigOf(model)?.labels), [OWN_KEY]: describeModel(model, 'hf') };
  await writeJson(join(folder, 'config.json'), config, written.floats);
  if (processor !== undefined) await writeJson(join(folder, 'preprocessor_config.json'), processor);
}

function writeJson(path: string, value: Json, floats: readonly string[] = []): Promise<void> {
  const sorted = Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  // Transformers takes no integer for these: 100 is to be 100.0.
  const whole = new RegExp(`("(?:${floats.join('|')})": \\d+)(?=,?\\n)`, 'g');
  const text = JSON.stringify(sorted, null, 2);
  return writeFileAtomically(path, [Buffer.from(`${floats.length > 0 ? text.replace(whole, '$1.0') : text}\n`)]);
}
