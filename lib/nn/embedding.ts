import { checkInteger } from '../check.js';
import { checkPadding, type EmbeddingOptions, embedding } from '../ops/embedding.js';
import { copyStrided } from '../ops/strided-copy.js';
import { empty, fill, type Tensor } from '../tensor.js';
import * as init from './init.js';
import { Module } from './module.js';

/**
 * A learned vector for each of some numbers. That of `paddingIdx`, where there is one, is 0, and is not learned.
 *
 * @throws TypeError unless sizes are whole numbers of at least 1, and `paddingIdx` one of the numbers
 * @see `torch.nn.Embedding`, with its initial values, drawn from N(0,1)
 */
export class Embedding extends Module {
  /** (numEmbeddings,embeddingDim) */
  readonly weight: Tensor;
  /** The number whose vector is not learned, counted from 0. */
  readonly paddingIdx: number | undefined;

  constructor(
    /** Rows of the table; an index is less than this. */
    readonly numEmbeddings: number,
    /** Numbers of a row. */
    readonly embeddingDim: number,
    options: EmbeddingOptions = {},
  ) {
    super();
    checkInteger(numEmbeddings, 'Embedding numEmbeddings', 1);
    checkInteger(embeddingDim, 'Embedding embeddingDim', 1);
    const padding = checkPadding(options, numEmbeddings, 'Embedding');
    this.paddingIdx = padding === -1 ? undefined : padding;
    this.weight = this.parameter('weight', () => init.normal(empty([numEmbeddings, embeddingDim])));
    if (padding !== -1) fillRow(this.weight, padding, 0);
  }

  /** @param index any shape, int32 @returns (...index shape, embeddingDim) */
  forward(index: Tensor): Tensor {
    const { paddingIdx } = this;
    return embedding(index, this.weight, paddingIdx === undefined ? {} : { paddingIdx });
  }
}

function fillRow(table: Tensor, row: number, value: number): void {
  const [, width] = table.shape as [number, number]; // a table
  const number = fill(empty([]), value);
  copyStrided(table, number, { shape: [width], stridesX: [0], offsetY: row * width });
  table.storage.version++;
  number.dispose();
}
