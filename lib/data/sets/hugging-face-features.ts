import { expected, listed, quoted, Text } from '../../check.js';
import { isObject } from '../../io/formats/json-fields.js';
import type { ParquetFile } from '../../io/formats/parquet.js';

/** What Hugging Face's library knows of a column. */
export interface Feature {
  readonly type: string;
  /** Of classes, their names. */
  readonly names?: readonly string[];
}

/** By the columns' names. */
export type Features = Readonly<Record<string, Feature>>;

/** The features that `datasets` leaves in a file's metadata; none where there are none, or they cannot be read. */
export function featuresOf(metadata: ReadonlyMap<string, string>): Features {
  const text = metadata.get('huggingface');
  if (text === undefined) return {};
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return {};
  }
  const { info } = isObject(found) ? found : {};
  const { features } = isObject(info) ? info : {};
  if (!isObject(features)) return {};
  return Object.fromEntries(Object.entries(features).map(([name, feature]) => [name, featureOf(feature)]));
}

/** A list of classes has their feature inside, under `feature`, or in older files as the one item of an array. */
function featureOf(value: unknown): Feature {
  const inner = Array.isArray(value) ? value[0] : isObject(value) ? value.feature : undefined;
  if (isObject(inner)) return { ...featureOf(inner), type: 'List' };
  if (!isObject(value)) return { type: '' };
  const { _type: type, names } = value;
  const isNamed = Array.isArray(names) && names.every((name) => typeof name === 'string');
  return { type: typeof type === 'string' ? type : '', ...(isNamed && { names: names as string[] }) };
}

/** @throws TypeError for a column that is missing, or several that it may be */
export function imageColumn(file: ParquetFile, features: Features, asked: string | undefined): string {
  if (asked !== undefined) return existing(file, asked, 'image');
  const said = file.columns.filter(({ name }) => features[name]?.type === 'Image');
  const typed = file.columns.filter(({ isBytes, fields }) => isBytes || fields.includes('bytes'));
  return theOne(file, said.length > 0 ? said : typed, 'image');
}

/** The same of labels. */
export function labelColumn(file: ParquetFile, features: Features, asked: string | undefined): string {
  if (asked !== undefined) return existing(file, asked, 'label');
  const said = file.columns.filter(({ name }) => features[name]?.names !== undefined);
  const named = file.columns.filter(({ name }) => /^(labels?|class|category)$/i.test(name));
  return theOne(file, said.length > 0 ? said : named, 'label');
}

function existing(file: ParquetFile, name: string, what: string): string {
  if (file.columns.some((column) => column.name === name)) return name;
  throw expected(`a column ${quoted(name)}`, `the ${what}s of ${file.file.path}`, columnsOf(file));
}

function theOne(file: ParquetFile, columns: readonly { name: string }[], what: string): string {
  if (columns.length === 1) return columns[0].name;
  const found = columns.length === 0 ? columnsOf(file) : new Text(listed(columns.map(({ name }) => quoted(name))));
  throw expected(`one column of ${what}s`, file.file.path, found, `Say which: { ${what} }.`);
}

function columnsOf(file: ParquetFile): Text {
  return new Text(listed(file.columns.map(({ name }) => quoted(name))));
}
