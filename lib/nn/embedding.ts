import { checkInteger } from '../check.js';
import { embedding } from '../ops/embedding.js';
import { empty, type Tensor } from '../tensor.js';
import * as init from './init.js';
import { Module } from './module.js';

/**
 * A learned vector for each of some numbers.
 *
 * @throws TypeError unless sizes are whole numbers of at least 1
 * Counterpart: `torch.nn.Embedding`, with its initial values, drawn from N(0,1).
 */
export class Embedding extends Module {
  /** (numEmbeddings,embeddingDim) */
  readonly weight: Tensor;

  constructor(
    /** Rows of the table; an index is less than this. */
    readonly numEmbeddings: number,
    /** Numbers of a row. */
    readonly embeddingDim: number,
  ) {
    super();
    checkInteger(numEmbeddings, 'Embedding numEmbeddings', 1);
    checkInteger(embeddingDim, 'Embedding embeddingDim', 1);
    this.weight = this.parameter('weight', () => init.normal(empty([numEmbeddings, embeddingDim])));
  }

  /** @param index any shape, int32 @returns (...index shape, embeddingDim) */
  forward(index: Tensor): Tensor {
    return embedding(index, this.weight);
  }
}
