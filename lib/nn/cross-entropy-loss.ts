import { type CrossEntropyOptions, checkCrossEntropy, crossEntropy } from '../ops/cross-entropy.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** `F.crossEntropy` with its options bound. Counterpart: `torch.nn.CrossEntropyLoss`. */
export class CrossEntropyLoss extends Module {
  /** As given. */
  readonly options: Readonly<CrossEntropyOptions>;

  constructor(options: CrossEntropyOptions = {}) {
    super();
    checkCrossEntropy(options, 'CrossEntropyLoss');
    this.options = Object.freeze({ ...options });
  }

  /** @param logits (N,classes) @param target labels (N) int32, or probabilities (N,classes) */
  forward(logits: Tensor, target: Tensor): Tensor {
    return crossEntropy(logits, target, this.options);
  }
}
