import { checkInteger, expected, Text } from '../check.js';

/** One vector for each image, in JavaScript's memory, and what is known of the images. */
export interface FeatureSet {
  /** (count,width), row-major. */
  readonly values: Float32Array;
  /** How many images there are. */
  readonly count: number;
  /** Numbers of a vector. */
  readonly width: number;
  /** The class of each image, where each has one. */
  readonly labels?: Int32Array;
  /** The classes' names, in their numbers' order. */
  readonly classes?: readonly string[];
  /** Where each image is from, by its path or number. */
  readonly images?: readonly string[];
}

/** Throws unless a value is a set of features whose parts go together. */
export function checkFeatureSet(set: FeatureSet, where: string): FeatureSet {
  if (typeof set !== 'object' || set === null || !(set.values instanceof Float32Array)) {
    throw expected('{ values, count, width } with a Float32Array of values', where, set);
  }
  const count = checkInteger(set.count, `the count of ${where}`, 1);
  const width = checkInteger(set.width, `the width of ${where}`, 1);
  if (set.values.length !== count * width) {
    throw expected(`${count * width} values, ${count} of ${width},`, where, new Text(`${set.values.length}`));
  }
  for (const name of ['labels', 'images'] as const) {
    const list = set[name];
    if (list !== undefined && list.length !== count) {
      throw expected(`${count} ${name}`, where, new Text(`${list.length}`), 'There must be one for each image.');
    }
  }
  return set;
}

/** The labels of a set of features. @throws TypeError for a set without, or with negative ones */
export function labelsOfFeatures(set: FeatureSet, where: string): Int32Array {
  const { labels } = checkFeatureSet(set, where);
  if (!(labels instanceof Int32Array)) {
    throw expected('features with the class of each image', where, new Text('features without labels'));
  }
  for (const label of labels) checkInteger(label, `a label of ${where}`);
  return labels;
}

/** Throws unless two sets have vectors of one width. */
export function checkSameWidth(base: FeatureSet, other: FeatureSet, where: string): void {
  if (base.width === other.width) return;
  const advice = 'Both must be of one model and one pooling.';
  throw expected(`vectors of ${base.width} numbers`, where, new Text(`vectors of ${other.width}`), advice);
}
