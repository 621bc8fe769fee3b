import { describe, expected, listed, quoted, Text } from '../../check.js';
import type { Dataset } from './dataset.js';
import type { ImageSource, Sample } from './sample.js';

/** How labels of a file are to be read. */
export interface LabelReading {
  /** The classes' names, by their numbers. Default: the names that occur, in code-unit order, or numbers. */
  readonly classes?: readonly string[] | undefined;
  /** Whether a list of numbers holds the classes that an image is of. Default: a value for each class. */
  readonly lists?: 'indices' | 'values';
  /** How messages call an image. */
  readonly where: (index: number) => string;
}

/** A data set of images and their labels as a file has them: numbers, names, or lists of either. */
export function labelledSet(
  images: readonly ImageSource[],
  values: readonly unknown[],
  reading: LabelReading,
): Dataset {
  const { labels, classes } = Array.isArray(values[0]) ? ofLists(values, reading) : ofOne(values, reading);
  const dataset: Dataset = {
    length: images.length,
    get: (index): Sample => ({ image: images[index], label: labels[index] }),
    classes,
  };
  return labels instanceof Int32Array ? { ...dataset, labels } : dataset;
}

/** Throws unless classes are named, each once. */
export function checkNames(classes: unknown, where: string): readonly string[] {
  if (!Array.isArray(classes) || classes.length === 0 || classes.some((name) => typeof name !== 'string')) {
    throw expected('an array of names', where, classes);
  }
  if (new Set(classes).size !== classes.length) throw expected('names that differ', where, classes);
  return classes as readonly string[]; // as checked
}

interface Labels {
  labels: Int32Array | Float32Array[];
  classes: readonly string[];
}

function ofOne(values: readonly unknown[], { classes, where }: LabelReading): Labels {
  if (values.every((value) => typeof value === 'string')) {
    const names = classes ?? inOrder(values);
    return { labels: Int32Array.from(values, (name, i) => placeOf(name, names, where(i))), classes: names };
  }
  const most = (classes?.length ?? 2 ** 24) - 1;
  const labels = Int32Array.from(values, (value, i) => indexOf(value, most, where(i)));
  return { labels, classes: classes ?? numbersUpTo(largest(labels)) };
}

function ofLists(values: readonly unknown[], reading: LabelReading): Labels {
  const { where, lists = 'values' } = reading;
  const rows = values.map((value, i): readonly unknown[] => {
    if (Array.isArray(value)) return value;
    throw expected('a list, as others have', `the label of ${where(i)}`, value);
  });
  const names = rows.flat();
  if (names.length > 0 && names.every((name) => typeof name === 'string')) {
    const classes = reading.classes ?? inOrder(names);
    const place = (name: unknown, i: number): number => placeOf(name as string, classes, where(i)); // as asked above
    return { labels: rows.map((row, i) => multiHot(row, classes.length, (name) => place(name, i))), classes };
  }
  if (lists === 'values') return ofValues(rows, reading);
  const most = (reading.classes?.length ?? 2 ** 24) - 1;
  const places = rows.map((row, i) => row.map((value) => indexOf(value, most, where(i))));
  const classes = reading.classes ?? numbersUpTo(places.flat().reduce((a, b) => Math.max(a, b), 0));
  return { labels: places.map((row) => multiHot(row, classes.length, Number)), classes };
}

/** A value from 0 to 1 for each class. */
function ofValues(rows: readonly (readonly unknown[])[], { classes, where }: LabelReading): Labels {
  const width = classes?.length ?? rows[0].length;
  const labels = rows.map((row, i) => {
    if (row.length !== width) {
      throw expected(`${width} values, one for each class,`, `the label of ${where(i)}`, new Text(`${row.length}`));
    }
    return Float32Array.from(row, (value) => {
      if (typeof value === 'number' && value >= 0 && value <= 1) return value;
      throw expected('values from 0 to 1', `the label of ${where(i)}`, row);
    });
  });
  return { labels, classes: classes ?? numbersUpTo(width - 1) };
}

function multiHot(row: readonly unknown[], classes: number, place: (value: unknown) => number): Float32Array {
  const label = new Float32Array(classes);
  for (const value of row) label[place(value)] = 1;
  return label;
}

function indexOf(value: unknown, most: number, where: string): number {
  const index = typeof value === 'bigint' ? Number(value) : value;
  if (typeof index === 'number' && Number.isInteger(index) && index >= 0 && index <= most) return index;
  const found = new Text(index === -1 ? '-1, which says that there is none' : describe(value));
  throw expected(`a class index from 0 to ${most}`, `the label of ${where}`, found);
}

function placeOf(name: string, classes: readonly string[], where: string): number {
  const place = classes.indexOf(name);
  if (place >= 0) return place;
  throw expected(`a class among ${listed(classes.map(quoted))}`, `the label of ${where}`, name);
}

function inOrder(names: readonly unknown[]): string[] {
  return [...new Set(names as readonly string[])].sort((a, b) => (a < b ? -1 : 1)); // names differ
}

function numbersUpTo(most: number): string[] {
  return Array.from({ length: most + 1 }, (_, i) => String(i));
}

function largest(labels: Int32Array): number {
  return labels.reduce((most, label) => Math.max(most, label), 0);
}
