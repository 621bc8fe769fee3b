import { noGrad } from '../autograd.js';
import type { Dataset } from '../data/dataset.js';
import { DataLoader } from '../data/loader.js';
import type { Module } from '../nn/module.js';
import { crossEntropy } from '../ops/cross-entropy.js';
import { softmax } from '../ops/softmax.js';
import { scope } from '../scope.js';
import { type Tensor, tensor } from '../tensor.js';
import { argmaxRows, countCorrect, Mean } from './metrics.js';

/** A model of images (N,C,H,W) to logits (N,classes). */
export interface Classifier extends Module {
  forward(images: Tensor): Tensor;
  /** Whether to compute activations again in backward instead of keeping them; see `ViT.setGradCheckpointing`. */
  setGradCheckpointing?(on: boolean): unknown;
}

/** How a model does on a data set. */
export interface Evaluation {
  loss: number;
  /** Share of right answers, 0..1. */
  accuracy: number;
  /** The predicted class of each image. */
  predictions: Int32Array;
  /** (count, classes) */
  probabilities: Float32Array;
}

/**
 * Runs a model over a data set, in evaluation mode and without gradients, in batches.
 *
 * @throws StreamError when a label is no class of the model
 */
export async function evaluate(model: Classifier, data: Dataset, batchSize = 256): Promise<Evaluation> {
  const wasTraining = model.training;
  const loss = new Mean();
  let correct = 0;
  const predictions: number[] = [];
  const probabilities: number[] = [];
  try {
    for (const batch of new DataLoader(data, { batchSize }).hostBatches(0)) {
      model.eval(); // others may use the model while this waits
      const results = scope(() =>
        noGrad(() => {
          const logits = model.forward(tensor(batch.images, [batch.count, ...data.shape]));
          return [logits, softmax(logits), crossEntropy(logits, tensor(batch.labels))];
        }),
      ) as [Tensor, Tensor, Tensor];
      model.train(wasTraining);
      const classes = results[0].shape[1] as number; // (N,classes)
      const reading = Promise.all(results.map((result) => result.data()));
      for (const result of results) result.dispose(); // the reads are enqueued already
      const [logits, chances, batchLoss] = await reading;
      if (logits === undefined || chances === undefined || batchLoss === undefined) continue; // one for each result
      loss.add(batchLoss[0] as number, batch.count); // one element
      correct += countCorrect(logits, batch.labels, classes);
      predictions.push(...argmaxRows(logits, classes));
      for (const chance of chances) probabilities.push(chance);
    }
  } finally {
    model.train(wasTraining);
  }
  return {
    loss: loss.value,
    accuracy: correct / data.count,
    predictions: Int32Array.from(predictions),
    probabilities: Float32Array.from(probabilities),
  };
}
