import { warnOnce } from '../../warning.js';
import type { JsonFields } from '../formats/json-fields.js';

/** The names of `classes.json`, where it is of as many classes. */
export function namesFrom(
  names: readonly string[] | undefined,
  numClasses: number | undefined,
  path: string,
): readonly string[] | undefined {
  if (names === undefined || names.length === numClasses) return names;
  warnOnce(
    `classes.json beside ${path} names ${names.length} classes, and the model has ${numClasses}: it is left out.`,
  );
  return undefined;
}

/** Hugging Face's `id2label`, or timm's `label_names`. */
export function labelsOf(config: JsonFields, numClasses: number): string[] | undefined {
  const names = config.raw('label_names');
  const byId = config.object('id2label');
  const labels = Array.from({ length: numClasses }, (_, i) => (Array.isArray(names) ? names[i] : byId?.raw(String(i))));
  return numClasses > 0 && labels.every((label) => typeof label === 'string') ? labels : undefined;
}
