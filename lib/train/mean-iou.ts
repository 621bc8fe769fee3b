import { checkInteger, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { checkTensor } from '../ops/check-tensor.js';
import { argmax } from '../ops/extrema.js';
import { checkIgnoreIndex } from '../ops/loss-options.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Turns } from '../turns.js';

/** Options of `MeanIoU`. */
export interface MeanIoUOptions {
  /** A label that is left out, whatever is said of its pixels. Default -100, as `crossEntropy`'s; data sets often have 255. */
  ignoreIndex?: number;
}

const NAMES: OptionNames<MeanIoUOptions> = { ignoreIndex: true };

/** How well the classes of pixels are told. Classes of which there is neither a pixel nor a prediction are NaN, and in no mean. */
export interface Segmented {
  /** The mean over the classes of the share that prediction and truth have in common. */
  readonly meanIoU: number;
  /** That share of each class: pixels of both over pixels of either. */
  readonly iouPerClass: readonly number[];
  /** The mean over the classes of the share of their pixels that is found. */
  readonly meanAccuracy: number;
  /** The share of all pixels whose class is told. */
  readonly pixelAccuracy: number;
}

// Pixels that are counted between two looks at the clock: 0.1 ms.
const PIXELS_AT_ONCE = 65_536;

/**
 * The mean intersection over union of predicted and true classes of pixels, over all batches that it is given.
 *
 * @throws TypeError for options that are unknown or out of range
 * @see Everingham et al. 2015 (PASCAL VOC); `mean_iou` of Hugging Face's evaluate, `mIoU` of mmsegmentation
 * @example
 * const metric = new MeanIoU(3, { ignoreIndex: 255 });
 * await metric.update(model.forward(images), labels);
 * console.log(metric.compute().meanIoU);
 */
export class MeanIoU {
  /** The label that is left out. */
  readonly ignoreIndex: number;
  /** (classes,classes): pixels of each class by what they were taken for. */
  readonly #counts: Float64Array;

  constructor(
    /** How many classes there are. */
    readonly numClasses: number,
    options: MeanIoUOptions = {},
  ) {
    checkInteger(numClasses, 'MeanIoU numClasses', 1);
    checkOptions(options, NAMES, 'MeanIoU');
    this.ignoreIndex = checkIgnoreIndex(options.ignoreIndex, 'MeanIoU');
    this.#counts = new Float64Array(numClasses * numClasses);
  }

  /**
   * Counts a batch.
   *
   * @param output logits (N,classes,H,W), or the classes themselves, int32 of the labels' shape
   * @param labels (N,H,W) int32
   * @throws TypeError when the sizes do not go together, and for a label or a prediction that is no class
   */
  async update(output: Tensor, labels: Tensor): Promise<void> {
    checkTensor(labels, 'MeanIoU labels', { dtype: 'int32', shape: [null, null, null] });
    const [n, h, w] = labels.shape as [number, number, number]; // three axes
    const given = output?.dtype === 'int32';
    const shape = given ? [n, h, w] : [n, this.numClasses, h, w];
    checkTensor(output, 'MeanIoU output', { dtype: given ? 'int32' : 'float32', shape });
    const predicted = scope(() => (given ? output.alias() : argmax(output, { dim: 1 })));
    const [predictions, truth] = await Promise.all([predicted.data(), labels.data()]);
    predicted.dispose();
    const classes = this.numClasses;
    const counts = new Float64Array(classes * classes); // a batch with a label that is none counts for nothing
    const turns = new Turns();
    for (let from = 0; from < truth.length; from += PIXELS_AT_ONCE) {
      for (let i = from; i < Math.min(from + PIXELS_AT_ONCE, truth.length); i++) {
        if (truth[i] === this.ignoreIndex) continue;
        for (const [what, value] of [
          ['label', truth[i]],
          ['prediction', predictions[i]],
        ] as const) {
          if (!(value >= 0 && value < classes))
            throw expected(`a class from 0 to ${classes - 1}`, `a ${what} of MeanIoU`, value);
        }
        counts[truth[i] * classes + predictions[i]]++;
      }
      await turns.pass();
    }
    for (const [i, count] of counts.entries()) this.#counts[i] += count;
  }

  /** What the batches so far say; NaN where there are none. */
  compute(): Segmented {
    const classes = this.numClasses;
    const at = (label: number, predicted: number): number => this.#counts[label * classes + predicted];
    const all = Array.from({ length: classes }, (_, i) => i);
    const sum = (of: (i: number) => number): number => all.reduce((total, i) => total + of(i), 0);
    const right = all.map((c) => at(c, c));
    const pixels = all.map((c) => sum((i) => at(c, i)));
    const iouPerClass = all.map((c) => right[c] / (pixels[c] + sum((i) => at(i, c)) - right[c]));
    const meanOf = (shares: readonly number[]): number => {
      const known = shares.filter((share) => !Number.isNaN(share));
      return known.reduce((total, share) => total + share, 0) / known.length;
    };
    return {
      meanIoU: meanOf(iouPerClass),
      iouPerClass,
      meanAccuracy: meanOf(all.map((c) => right[c] / pixels[c])),
      pixelAccuracy: sum((c) => right[c]) / sum((c) => pixels[c]),
    };
  }

  /** Forgets all batches. */
  reset(): void {
    this.#counts.fill(0);
  }
}
