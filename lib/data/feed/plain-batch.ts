import { expected, shapeText, Text } from '../../check.js';
import { stack } from '../../ops/cat.js';
import { untracked } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import type { Sample } from '../sets/sample.js';
import type { FeedBatch } from './feed.js';

/** Tensors as a batch; throws unless all are of the model's shape. */
export function stackedTensors(tensors: readonly Tensor[], count: number, shape: readonly number[]): Tensor {
  const wrong = tensors.find((image) => image.shape.some((size, axis) => size !== shape[axis]));
  if (wrong !== undefined) throw expected(`images ${shapeText(shape)}`, 'a batch of tensors', wrong);
  if (tensors.length === count) return untracked(() => stack(tensors));
  const found = new Text(`${tensors.length} of ${count}`);
  throw expected('tensors alone, or none,', 'the images of a batch', found, 'Files are decoded, and tensors are not.');
}

/** @throws TypeError for labels of two kinds, or values of so many classes here and others there */
export function plainLabels(labels: readonly Sample['label'][]): Pick<FeedBatch, 'labels' | 'targets'> {
  const [first] = labels;
  const width = typeof first === 'number' ? undefined : first.length;
  const other = labels.find((label) => (typeof label === 'number' ? undefined : label.length) !== width);
  if (other !== undefined) {
    const what = width === undefined ? 'class indices' : `Float32Arrays of ${width} values`;
    throw expected(`${what}, as the first label of the batch,`, 'all labels', other);
  }
  if (width === undefined) return { labels: Int32Array.from(labels as number[]), targets: undefined }; // of one kind
  const targets = new Float32Array(labels.length * width);
  for (const [i, label] of (labels as Float32Array[]).entries()) targets.set(label, i * width);
  return { labels: undefined, targets };
}
