/** A confusion matrix as plain data, which `web/` draws; this file is read by both sides, and imports nothing. */
export interface Confusion {
  readonly names: readonly string[];
  /** Of images of each class. */
  readonly totals: readonly number[];
  /** What is not 0: the class of images, what they were taken for, and how many of them. */
  readonly cells: readonly (readonly [label: number, prediction: number, count: number])[];
}
