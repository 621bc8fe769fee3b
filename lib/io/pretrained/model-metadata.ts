import { expected } from '../../check.js';
import { Swin } from '../../nn/swin/swin.js';
import type { ViT } from '../../nn/vit/vit.js';
import { VERSION } from '../../package-root.js';
import { fileError, quoted } from '../formats/file-error.js';
import { JsonFields } from '../formats/json-fields.js';
import { parseStrictJson } from '../formats/strict-json.js';
import type { LayoutName } from './layouts/layout-name.js';
import { type ConfigOf, isOwnFamily, type OwnFamily, readOwnConfig } from './own-config.js';
import { type PretrainedConfig, preprocessingOf, pretrainedConfigOf, readKnown } from './pretrained-config.js';

/** The key of all that is ours, in a safetensors file's `__metadata__` and in a folder's `config.json`. */
export const OWN_KEY = 'vitrine';

/** Of what stands under that key; a reader takes its own and all before it. */
const FORMAT = 1;

const layoutNames: readonly string[] = [
  'vitrine',
  'timm',
  'torchvision',
  'hf',
  'google',
  'openai',
  'meta',
  'microsoft',
] satisfies LayoutName[];

/** What a file of ours says of the model whose weights it holds: all that it takes to build that model again. */
export interface OwnDescription<Family extends OwnFamily = 'vit'> {
  readonly family: Family;
  readonly config: ConfigOf[Family];
  /** Whose names the tensors go by. */
  readonly layout: LayoutName;
  /** What was known of the model's images and classes. */
  readonly pretrainedConfig: PretrainedConfig | undefined;
}

/** Of any family. */
export type AnyDescription = { [Family in OwnFamily]: OwnDescription<Family> }[OwnFamily];

type Json = Readonly<Record<string, unknown>>;

/**
 * A model as JSON that `readDescription` understands.
 *
 * @throws TypeError when its `pretrainedConfig` names more classes than it has, or fewer
 */
export function describeModel(model: ViT | Swin, layout: LayoutName): Json {
  const known = pretrainedConfigOf(model);
  checkLabels(known, model.config, 'pretrainedConfig');
  return {
    format: FORMAT,
    version: VERSION,
    layout,
    ...(model instanceof Swin && { family: 'swin' }),
    config: model.config,
    ...(known && { preprocessing: preprocessingOf(known) }),
    ...(known?.labels && { labels: known.labels }),
  };
}

/**
 * What goes into the `__metadata__` of a safetensors file beside a model's weights, so that `Model.fromPretrained`
 * gives the same model: its options, how images are prepared and the classes' names (`model.pretrainedConfig`), and versions.
 *
 * @param layout whose names the file's tensors have; the default is ours, those of `model.stateDict()`
 */
export function modelMetadata(model: ViT | Swin, layout: LayoutName = 'vitrine'): Record<string, string> {
  if ((model as ViT | undefined)?.config === undefined) throw expected('a ViT or a Swin', 'modelMetadata', model);
  // Transformers refuses files that do not say whose tensors they are.
  return { format: 'pt', [OWN_KEY]: JSON.stringify(describeModel(model, layout)) };
}

/**
 * What the `__metadata__` of a file of ours says of its model; undefined for files of others.
 *
 * @throws TypeError, one sentence, when it is damaged or newer than this vitrine
 */
export function readModelMetadata(
  metadata: Readonly<Record<string, string>>,
  path: string,
): AnyDescription | undefined {
  const text = Object.hasOwn(metadata, OWN_KEY) ? metadata[OWN_KEY] : undefined;
  if (text === undefined) return undefined;
  const where = `"${OWN_KEY}" in the metadata of ${path}`;
  return readDescription(new JsonFields(parseStrictJson(text, where), where));
}

/** What such JSON says; throws as `readModelMetadata` does. */
export function readDescription(fields: JsonFields): AnyDescription {
  const format = fields.integer('format', 1);
  if (format === undefined || format > FORMAT) {
    const by = quoted(fields.string('version') ?? 'of no version');
    const received = format === undefined ? 'none' : `format ${format}, of vitrine ${by}`;
    throw fileError(
      `a format of at most ${FORMAT}`,
      fields.where,
      received,
      'Read it with that vitrine, or a newer one.',
    );
  }
  const config = fields.object('config');
  if (config === undefined) throw fileError('the options of a model as "config"', fields.where, 'none');
  const layout = fields.string('layout');
  if (layout === undefined || !isLayoutName(layout)) {
    throw fileError(`a layout among ${layoutNames.join(', ')}`, fields.where, 'another');
  }
  const family = fields.string('family') ?? 'vit';
  if (!isOwnFamily(family)) {
    throw fileError('a family that is known', fields.where, quoted(family), 'A newer vitrine may have written it.');
  }
  const own = { family, config: readOwnConfig(config, family), layout, pretrainedConfig: readKnown(fields, layout) };
  checkLabels(own.pretrainedConfig, own.config, fields.where);
  return own as AnyDescription; // the configuration is of the family
}

/** Throws unless there are as many names as classes, or none. */
function checkLabels(
  known: PretrainedConfig | undefined,
  { numClasses }: { readonly numClasses: number },
  where: string,
): void {
  const labels = known?.labels;
  if (labels === undefined || labels.length === numClasses) return;
  throw fileError(`labels for ${numClasses} classes`, where, `${labels.length}`);
}

function isLayoutName(name: string): name is LayoutName {
  return layoutNames.includes(name);
}
