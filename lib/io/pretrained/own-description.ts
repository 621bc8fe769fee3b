import { fileError, quoted } from '../formats/file-error.js';
import type { JsonFields } from '../formats/json-fields.js';
import type { Weights } from '../formats/weights.js';
import { changedField } from './layouts/hugging-face-config.js';
import { type AnyDescription, OWN_KEY, readDescription, readModelMetadata } from './model-metadata.js';
import { changedSwinField } from './swin/hugging-face-config.js';

/** What a checkpoint of ours says of its model, in the weights' own metadata or else in the `config.json` beside them. */
export function ownDescription(
  { metadata, path }: Weights,
  config: JsonFields | undefined,
): AnyDescription | undefined {
  const inside = metadata && readModelMetadata(metadata, path);
  if (config === undefined) return inside;
  const block = inside === undefined ? config.object(OWN_KEY) : undefined;
  const own = inside ?? (block && readDescription(block));
  const field = own?.layout === 'hf' ? changed(config, own) : undefined;
  if (field === undefined) return own;
  // Transformers writes weights without metadata, and leaves our block of config.json as it was.
  if (inside === undefined) return undefined;
  const advice = 'One of the two was changed: save the model again.';
  const received = `${quoted(field)}: ${JSON.stringify(config.raw(field))} in ${config.where}`.slice(0, 300);
  throw fileError(`a config.json that says of the model what its weights say`, path, received, advice);
}

function changed(config: JsonFields, own: AnyDescription): string | undefined {
  return own.family === 'swin' ? changedSwinField(config, own.config) : changedField(config, own.config);
}
