import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOneOf, expected, Text } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { mergedState } from '../../nn/lora.js';
import type { ViT } from '../../nn/vit/vit.js';
import { scope } from '../../scope.js';
import { writeFileAtomically } from '../formats/atomic-file.js';
import { fileErrorFrom } from '../formats/file-error.js';
import { type TensorSource, writeSafetensors } from '../formats/safetensors.js';
import { snapshot } from '../snapshot.js';
import { huggingFaceRules } from './layouts/hugging-face.js';
import { huggingFaceConfig, huggingFaceProcessor, huggingFaceSpelling } from './layouts/hugging-face-config.js';
import { objections, type SavedLayout, savedLayouts } from './layouts/objections.js';
import { fileNames, type Rule } from './layouts/rules.js';
import { timmRules } from './layouts/timm.js';
import { torchvisionRules } from './layouts/torchvision.js';
import { describeModel, modelMetadata, OWN_KEY } from './model-metadata.js';
import { pretrainedConfigOf } from './pretrained-config.js';

/** Options of `ViT.save`. */
export interface SaveOptions {
  /** Whose names and files. Default `'vitrine'`: any model, by timm's names, which are ours. */
  readonly layout?: SavedLayout;
}

const NAMES: OptionNames<SaveOptions> = { layout: true };

/** See `ViT.save`. */
export async function saveCheckpoint(model: ViT, path: string, options: SaveOptions): Promise<void> {
  checkOptions(options, NAMES, 'save');
  const { layout = 'vitrine' } = options;
  checkOneOf(layout, 'save layout', savedLayouts);
  const against = objections(model.config, layout);
  if (against.length > 0) {
    const advice = 'Without a layout, save writes any model.';
    throw expected(`a model that ${layout} has too`, 'save', new Text(`one with ${against.join(', ')}`), advice);
  }
  if (layout === 'hf') return saveHuggingFace(model, path, modelMetadata(model, layout));
  const rules = layout === 'torchvision' ? torchvisionRules : timmRules;
  await writeSafetensors(path, entriesOf(model, rules), modelMetadata(model, layout));
}

async function saveHuggingFace(model: ViT, folder: string, metadata: Readonly<Record<string, string>>): Promise<void> {
  const spell = huggingFaceSpelling(model.config);
  const entries = entriesOf(model, huggingFaceRules({ teacher: model.config.distilled }), spell); // before any await
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

function writeJson(path: string, value: Readonly<Record<string, unknown>>): Promise<void> {
  const sorted = Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  return writeFileAtomically(path, [Buffer.from(`${JSON.stringify(sorted, null, 2)}\n`)]);
}

/** The model's tensors under a library's names, as they are now; adapters are merged into their weights. */
function entriesOf(
  model: ViT,
  rules: readonly Rule[],
  spell: (name: string) => string = (name) => name,
): [name: string, source: TensorSource][] {
  return scope(() =>
    [...mergedState(model)].flatMap(([own, parameter]) =>
      fileNames(own, rules).map(({ name, part: [part, parts] }): [string, TensorSource] => {
        const [rows = 1, ...rest] = parameter.shape;
        return [spell(name), { dtype: 'F32', shape: [rows / parts, ...rest], data: snapshot(parameter, part, parts) }];
      }),
    ),
  );
}
