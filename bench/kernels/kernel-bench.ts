import { randn, type Tensor, untracked } from '../../lib/index.js';
import { tokensOf } from '../model.js';
import type { ModelSizes, Params } from '../work.js';

/** What an op's benchmark takes its shapes from: a model on a batch of images. */
export interface Shapes {
  readonly batch: number;
  readonly channels: number;
  readonly img: number;
  readonly patch: number;
  readonly tokens: number;
  readonly dim: number;
  readonly heads: number;
  readonly hidden: number;
  readonly classes: number;
  readonly depth: number;
}

/** Of forward, and of backward; an op without a backward of its own has none. */
export interface Cost {
  readonly forward: number;
  readonly backward: number | null;
}

/** An op on given inputs: `run` enqueues it, `inputs` are what it is differentiated by. */
export interface Prepared {
  readonly inputs: readonly Tensor[];
  readonly run: () => Tensor | undefined;
}

/**
 * The benchmark of one op. Its counterparts in PyTorch are in contenders/torch_ops.py, under the same name.
 *
 * Operations are counted as the formula has them, a transcendental function as one; in matrix products only theirs are.
 * Bytes are those of inputs and outputs, each once.
 */
export interface KernelBench<P extends Params = Params> {
  readonly op: string;
  params(shapes: Shapes): P;
  flops(params: P): Cost;
  bytes(params: P): Cost;
  prepare(params: P): Prepared;
}

/** Bytes of a number of float32 or int32 elements. */
export const bytesOf = (elements: number): number => 4 * elements;

/** A normal input that lives until the process ends, with a gradient. */
export function input(...shape: number[]): Tensor {
  return untracked(() => randn(shape, { requiresGrad: true }));
}

/** A normal input without a gradient. */
export function constant(...shape: number[]): Tensor {
  return untracked(() => randn(shape));
}

/** The shapes of a model's own ops on a batch. */
export function shapesOf(model: ModelSizes, batch: number): Shapes {
  return {
    batch,
    channels: model.inChans,
    img: model.imgSize,
    patch: model.patchSize,
    tokens: tokensOf(model),
    dim: model.embedDim,
    heads: model.numHeads,
    hidden: Math.floor(model.embedDim * model.mlpRatio),
    classes: model.numClasses,
    depth: model.depth,
  };
}
