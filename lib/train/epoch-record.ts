/** One epoch, done. Losses are means over samples, accuracies shares. */
export interface EpochRecord {
  /** From 0. */
  epoch: number;
  /** Mean over the epoch, in training mode. */
  trainLoss: number;
  /** Not there where the labels were mixed or several: no answer is right or wrong then. */
  trainAccuracy?: number;
  /** Not there without a test set, or where the signal came before all of it was seen. */
  testLoss?: number;
  /** Likewise. */
  testAccuracy?: number;
  /** Metrics of the test set that are numbers, by name. */
  metrics?: Readonly<Record<string, number>>;
  /** Of the epoch's last step. */
  learningRate: number;
  /** Of training, the evaluation left out. */
  seconds: number;
  /** Images trained on, over `seconds`. */
  imagesPerSecond: number;
}
