import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HostBatch } from '../data/loader.js';
import type { Optimizer } from '../optim/optimizer.js';
import { scope, untracked } from '../scope.js';
import { type Tensor, tensor } from '../tensor.js';
import { Capture } from './capture.js';

/** What a step is made of. */
export interface TrainingStepOptions {
  /** Of one image: [channels, height, width]. */
  imageShape: readonly number[];
  capture: boolean;
  optimizer: Optimizer;
  forward: (images: Tensor, labels: Tensor) => Outputs;
  /** Enqueues the optimizer's update, clipping included. */
  update: () => void;
}

interface Outputs {
  loss: Tensor;
  logits: Tensor;
}

/** What a step computed, once it has run. */
interface Enqueued {
  values: Promise<{ loss: number; logits: ArrayLike<number> }>;
}

/** A captured step with the tensors that its batches are written to. */
interface Recorded {
  images: Tensor;
  labels: Tensor;
  capture: Capture<Outputs>;
}

/**
 * Forward, backward and update on one batch. The first step of a batch size runs op by op, the second is recorded as it
 * runs, and from the third on it is replayed.
 */
export class TrainingStep {
  readonly #options: TrainingStepOptions;
  readonly #recorded = new Map<number, Recorded>();
  readonly #seen = new Set<number>();

  constructor(options: TrainingStepOptions) {
    this.#options = options;
  }

  /** Enqueues a step; to be awaited before the next. */
  async enqueue(batch: HostBatch): Promise<Enqueued> {
    this.#options.optimizer.advance();
    const recorded = this.#recorded.get(batch.count);
    if (recorded !== undefined) {
      recorded.images.set(batch.images);
      recorded.labels.set(batch.labels);
      recorded.capture.replay();
      return { values: read(recorded.capture.result) };
    }
    const images = tensor(batch.images, [batch.count, ...this.#options.imageShape]);
    const labels = tensor(batch.labels);
    await nextTurn();
    if (this.#options.capture && this.#seen.has(batch.count)) return this.#record(images, labels);
    this.#seen.add(batch.count);
    return this.#enqueueInTurns(images, labels);
  }

  /** Releases what was recorded, and the gradients, which replays keep in use. */
  dispose(): void {
    for (const { images, labels, capture } of this.#recorded.values()) {
      capture.dispose();
      for (const held of [images, labels, capture.result.loss, capture.result.logits]) held.dispose();
    }
    this.#recorded.clear();
    this.#options.optimizer.zeroGrad();
  }

  #record(images: Tensor, labels: Tensor): Enqueued {
    try {
      this.#options.optimizer.zeroGrad(); // before, so that all memory that is free can be joined
      const capture = new Capture(() => untracked(() => this.#enqueueAtOnce(images, labels)));
      this.#recorded.set(labels.size, { images, labels, capture });
      return { values: read(capture.result) };
    } catch (error) {
      images.dispose();
      labels.dispose();
      throw error;
    }
  }

  /** Op by op, a step takes JavaScript up to 30 ms (ViT-Ti/16, the first one): timers and sockets get turns between. */
  async #enqueueInTurns(images: Tensor, labels: Tensor): Promise<Enqueued> {
    const { optimizer, forward, update } = this.#options;
    const held = [images, labels];
    try {
      optimizer.zeroGrad();
      const outputs = scope(() => forward(images, labels));
      held.push(outputs.loss, outputs.logits);
      await nextTurn();
      outputs.loss.backward();
      await nextTurn();
      scope(update);
      return { values: read(outputs) };
    } finally {
      for (const tensor of held) tensor.dispose();
    }
  }

  #enqueueAtOnce(images: Tensor, labels: Tensor): Outputs {
    return scope(() => {
      this.#options.optimizer.zeroGrad();
      const outputs = this.#options.forward(images, labels);
      outputs.loss.backward();
      this.#options.update();
      return outputs;
    });
  }
}

async function read({ loss, logits }: Outputs): Promise<{ loss: number; logits: ArrayLike<number> }> {
  const [value, rows] = await Promise.all([loss.item(), logits.data()]);
  return { loss: value, logits: rows };
}
