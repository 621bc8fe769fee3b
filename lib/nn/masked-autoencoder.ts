import { checkBoolean, checkInteger, checkNumber, checkPair, expected } from '../check.js';
import { checkOptions, type OptionNames, only } from '../check-options.js';
import { cast } from '../ops/cast.js';
import { cat } from '../ops/cat.js';
import { checkTensor } from '../ops/check-tensor.js';
import { ge } from '../ops/compare.js';
import { constant } from '../ops/constant.js';
import { add, div, minimum, mul, sub } from '../ops/elementwise.js';
import { indexSelect } from '../ops/gather.js';
import { rand } from '../ops/random.js';
import { mean, sum } from '../ops/reduce.js';
import { var as variance } from '../ops/reductions.js';
import { reshape } from '../ops/reshape.js';
import { slice } from '../ops/slice.js';
import { argsort } from '../ops/sort.js';
import { tile } from '../ops/tile.js';
import { permute } from '../ops/transpose.js';
import { sqrt, square } from '../ops/unary.js';
import { scope } from '../scope.js';
import { empty, type Tensor } from '../tensor.js';
import * as init from './init.js';
import { LayerNorm } from './layer-norm.js';
import { Linear } from './linear.js';
import { Module } from './module.js';
import { ModuleList } from './module-list.js';
import { fromStream, toStream } from './residual-stream.js';
import { BLOCK_OPTIONS, Block } from './vit/block.js';
import { sincosTable } from './vit/position-embedding.js';
import { ViT } from './vit/vit.js';

/** Options of `MaskedAutoencoder`; the paper's by default, but for the decoder's size. */
export interface MaskedAutoencoderOptions {
  /** The share of patches that the encoder does not see. Default 0.75. */
  maskRatio?: number;
  /** Width of the decoder. Default: half the encoder's. */
  decoderDim?: number;
  /** Blocks of the decoder. Default 2. */
  decoderDepth?: number;
  /** Heads of the decoder. Default: as many as the encoder's. */
  decoderNumHeads?: number;
  /** Width of the decoder's MLPs, in widths of the decoder. Default 4. */
  decoderMlpRatio?: number;
  /** Whether each patch's pixels are brought to mean 0 and deviation 1 before they are compared. Default true. */
  normPixLoss?: boolean;
}

const NAMES: OptionNames<MaskedAutoencoderOptions> = {
  maskRatio: true,
  decoderDim: true,
  decoderDepth: true,
  decoderNumHeads: true,
  decoderMlpRatio: true,
  normPixLoss: true,
};

/** Which patches are seen. */
export interface RandomMask {
  /** (N,L) int32: the patches of each image in an order of chance; the first `kept` are seen. */
  readonly order: Tensor<'int32'>;
  /** (N,L) int32: the place of each patch in that order. */
  readonly places: Tensor<'int32'>;
  /** How many patches of an image are seen. */
  readonly kept: number;
}

/**
 * Chooses for each image, by chance, which patches are seen.
 *
 * @param noise (N,L): the patches with the least are seen
 * @param maskRatio the share that is not
 * @see He et al. 2022, section 3; `random_masking` of the authors' code
 */
export function randomMask(noise: Tensor, maskRatio: number): RandomMask {
  checkTensor(noise, 'randomMask noise', { shape: [null, null], letters: '(N,L)' });
  checkNumber(maskRatio, 'randomMask maskRatio', 0, 1);
  const order = argsort(noise);
  return { order, places: argsort(order), kept: Math.floor(noise.shape[1] * (1 - maskRatio)) };
}

/**
 * Images (N,C,H,W) as patches (N,L,p*p*C), row by row, a pixel's channels side by side.
 *
 * @see `patchify` of MAE's code
 */
export function patchify(images: Tensor, patchSize: number | readonly [number, number]): Tensor {
  checkTensor(images, 'patchify images', { shape: [null, null, null, null], letters: '(N,C,H,W)' });
  const [p, q] = checkPair(patchSize, 'patchify patchSize', 1);
  const [n, c, h, w] = images.shape as [number, number, number, number]; // four axes
  if (h % p !== 0 || w % q !== 0) throw expected(`sides that ${p} and ${q} divide`, 'patchify images', images);
  return scope(() => {
    const cells = permute(reshape(images, [n, c, h / p, p, w / q, q]), [0, 2, 4, 3, 5, 1]);
    return reshape(cells, [n, (h / p) * (w / q), p * q * c]);
  });
}

/**
 * A ViT that learns from images without labels: it sees a quarter of the patches, and a small decoder says from what it
 * makes of them what the pixels of the others are. Afterwards the encoder alone is used.
 *
 * @see He et al. 2022, Masked autoencoders are scalable vision learners
 * @see `ViTMAEForPreTraining` of Hugging Face's library
 * @example
 * const mae = new nn.MaskedAutoencoder(new ViT({ imgSize: 32, patchSize: 4, embedDim: 96, depth: 4, numHeads: 3 }));
 * mae.forward(images).backward(); // the loss
 */
export class MaskedAutoencoder extends Module {
  /** What is learned for: its `features` are what to use. */
  readonly encoder: ViT;
  /** From the encoder's width to the decoder's. */
  readonly decoderEmbed: Linear;
  /** (1,1,D): stands where a patch was not seen. */
  readonly maskToken: Tensor;
  /** The decoder's blocks. */
  readonly decoderBlocks: ModuleList<Block>;
  /** After them. */
  readonly decoderNorm: LayerNorm;
  /** To the pixels of a patch. */
  readonly decoderPred: Linear;
  /** (1,1+L,D): the decoder's positions, which are not trained; the class token's is 0. */
  readonly decoderPosEmbed: Tensor;
  /** How large the decoder is. */
  readonly sizes: Readonly<Required<Omit<MaskedAutoencoderOptions, 'maskRatio' | 'normPixLoss'>>>;
  /** The share of patches that the encoder does not see. */
  readonly maskRatio: number;
  /** Whether pixels are normalised by patch. */
  readonly normPixLoss: boolean;

  /** @throws TypeError for a model without class token or whose positions do not come in before the blocks */
  constructor(encoder: ViT, options: MaskedAutoencoderOptions = {}) {
    super();
    checkOptions(options, NAMES, 'MaskedAutoencoder');
    if (!(encoder instanceof ViT)) throw expected('a ViT', 'MaskedAutoencoder', encoder);
    const { config } = encoder;
    const inAttention = config.posEmbed === 'relative' || config.rope !== 'none' || config.relPosBias !== 'none';
    const early = config.posEmbedPlacement === 'stem' && !inAttention;
    if (!early || !config.classToken || encoder.numPrefixTokens !== 1) {
      throw expected('a ViT with one class token and positions before the blocks', 'MaskedAutoencoder', encoder);
    }
    this.maskRatio = checkNumber(options.maskRatio ?? 0.75, 'MaskedAutoencoder maskRatio', 0, 1);
    this.normPixLoss = checkBoolean(options.normPixLoss ?? true, 'MaskedAutoencoder normPixLoss');
    const dim = checkInteger(options.decoderDim ?? config.embedDim / 2, 'MaskedAutoencoder decoderDim', 8);
    if (dim % 4 !== 0) throw expected('a multiple of 4', 'MaskedAutoencoder decoderDim', dim);
    const depth = checkInteger(options.decoderDepth ?? 2, 'MaskedAutoencoder decoderDepth', 1);
    const numHeads = checkInteger(options.decoderNumHeads ?? config.numHeads, 'MaskedAutoencoder decoderNumHeads', 1);
    const mlpRatio = checkNumber(options.decoderMlpRatio ?? 4, 'MaskedAutoencoder decoderMlpRatio', Number.MIN_VALUE);
    this.sizes = Object.freeze({
      ...{ decoderDim: dim, decoderDepth: depth, decoderNumHeads: numHeads, decoderMlpRatio: mlpRatio },
    });
    const [p, q] = checkPair(config.patchSize, 'ViT patchSize', 1);
    this.encoder = this.child('encoder', encoder);
    this.decoderEmbed = this.child('decoder_embed', new Linear(config.embedDim, dim));
    this.maskToken = this.parameter('mask_token', () => init.normal(empty([1, 1, dim]), 0, 0.02));
    const block = only({ ...config, dim, numHeads, mlpRatio, dropPathRate: 0 }, BLOCK_OPTIONS);
    const count = encoder.grid[0] * encoder.grid[1];
    this.decoderPosEmbed = this.buffer('decoder_pos_embed', () => {
      const table = new Float32Array((1 + count) * dim);
      table.set(sincosTable(encoder.grid, dim), dim);
      return constant(table, [1, 1 + count, dim]);
    });
    const blocks = Array.from({ length: depth }, () => new Block(block));
    this.decoderBlocks = this.child('decoder_blocks', new ModuleList(blocks));
    this.decoderNorm = this.child('decoder_norm', new LayerNorm(dim, { eps: config.normEps }));
    this.decoderPred = this.child('decoder_pred', new Linear(dim, p * q * config.inChans));
  }

  /**
   * @param images (N,C,H,W)
   * @param noise (N,L), by which patches are chosen. Default: drawn anew.
   * @returns the loss: the mean squared error of the pixels that were not seen
   */
  forward(images: Tensor, noise?: Tensor): Tensor {
    return scope(() => {
      const { grid } = this.encoder;
      const mask = randomMask(noise ?? rand([images.shape[0], grid[0] * grid[1]]), this.maskRatio);
      const error = square(sub(this.reconstruct(images, mask), this.target(images)));
      const hidden = cast(ge(mask.places, mask.kept), 'float32'); // (N,L)
      return div(sum(mul(mean(error, { dim: -1 }), hidden)), sum(hidden));
    });
  }

  /** What the decoder says of every patch (N,L,p*p*C), of images (N,C,H,W) of which it sees those of a mask. */
  reconstruct(images: Tensor, mask: RandomMask): Tensor {
    return scope(() => this.#decode(this.#encode(images, mask), mask));
  }

  /** What the decoder is to say of images (N,C,H,W): (N,L,p*p*C). */
  target(images: Tensor): Tensor {
    return scope(() => {
      const pixels = patchify(images, this.encoder.config.patchSize);
      if (!this.normPixLoss) return pixels;
      const deviation = sqrt(add(variance(pixels, { dim: -1, keepDim: true }), 1e-6));
      return div(sub(pixels, mean(pixels, { dim: -1, keepDim: true })), deviation);
    });
  }

  /** The class token and the patches that are seen, (N,1+K,D). */
  #encode(images: Tensor, { order, kept }: RandomMask): Tensor {
    const tokens = this.encoder.embedTokens(images); // (N,1+L,D)
    const [n, t, d] = tokens.shape as [number, number, number]; // three axes
    const seen = rowsOf(slice(tokens, 1, 1), slice(order, 1, 0, kept));
    let x = toStream(cat([slice(tokens, 1, 0, 1), reshape(seen, [n, kept, d])], 1));
    checkInteger(kept, 'the patches that MaskedAutoencoder sees', 1, t - 1);
    for (const block of this.encoder.blocks) x = block.forward(x);
    return this.encoder.norm?.forward(x) ?? fromStream(x);
  }

  #decode(x: Tensor, { places, kept }: RandomMask): Tensor {
    const y = this.decoderEmbed.forward(x);
    const [n, , d] = y.shape as [number, number, number]; // three axes
    // Behind the patches that were seen stands the mask token, for all others.
    const table = cat([slice(y, 1, 1), tile(this.maskToken, [n, 1, 1])], 1); // (N,K+1,D)
    const patches = rowsOf(table, minimum(places, kept) as Tensor<'int32'>);
    const { grid } = this.encoder;
    const count = grid[0] * grid[1];
    let z = toStream(add(cat([slice(y, 1, 0, 1), reshape(patches, [n, count, d])], 1), this.decoderPosEmbed));
    for (const block of this.decoderBlocks) z = block.forward(z);
    return slice(this.decoderPred.forward(this.decoderNorm.forward(z)), 1, 1);
  }
}

/** Of each of N tables (N,R,D) the rows that `index` (N,K) names: (N*K,D). */
function rowsOf(tables: Tensor, index: Tensor<'int32'>): Tensor {
  const [n, r, d] = tables.shape as [number, number, number]; // three axes
  const first = constant(
    Int32Array.from({ length: n }, (_, i) => i * r),
    [n, 1],
  );
  const places = reshape(add(index, first), [-1]);
  return indexSelect(reshape(tables, [n * r, d]), 0, places);
}
