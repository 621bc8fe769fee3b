import { setImmediate as nextTurn } from 'node:timers/promises';
import { backwardInTurn, isAnomalyEnabled } from '../autograd.js';
import { checkBatchLabels } from '../data/check-dataset.js';
import type { HostBatch } from '../data/loader.js';
import { native } from '../native.js';
import { checkTensor } from '../ops/check-tensor.js';
import { releaseGraph, scope } from '../scope.js';
import { sparingMemory } from '../sparing-memory.js';
import { background } from '../stream.js';
import { empty, fill, type Tensor } from '../tensor.js';
import { warnOnce } from '../warning.js';
import { Accumulators } from './accumulators.js';
import { Decisions } from './decisions.js';
import { type Inputs, type Outputs, RecordedStep } from './recorded-step.js';
import { ALONE, type Enqueued, type Place, runsLibraryCode, type TrainingStepOptions } from './step-options.js';
import { disposeImages, imagesOf, labelsOf } from './training-data.js';

// One for the usual batch size, one for the last of an epoch, and a few for whoever varies it.
const MOST_RECORDED = 4;

/**
 * Forward, backward and update on one batch. The first step of a batch size runs op by op, the second is recorded as it
 * runs, and from the third on it is replayed; where what JavaScript decides has changed, this begins anew.
 *
 * However it runs, a step is one whole: its gradients are those of its own backward, whatever others left in `grad`, and
 * its forward reads the weights that its update changes. All of it stands in the background of the stream, so that
 * whatever else the process computes need not wait for whole steps.
 */
export class TrainingStep {
  readonly #options: TrainingStepOptions;
  readonly #recorded = new Map<string, RecordedStep>();
  readonly #seen = new Set<string>();
  readonly #sums: Accumulators;
  #decisions: Decisions | undefined;
  #mayRecord = false;

  constructor(options: TrainingStepOptions) {
    this.#options = options;
    this.#sums = new Accumulators(options.optimizer);
  }

  /**
   * Enqueues a batch, and with the last of its step the update; to be awaited before the next. The batch's images are the
   * step's, and gone where it fails.
   *
   * @throws TypeError for a label that is no class of the model
   */
  async enqueue(batch: HostBatch, place: Place = ALONE): Promise<Enqueued> {
    try {
      this.#noticeChanges();
      const recorded = this.#recorded.get(kindOf(batch));
      if (recorded === undefined) return await this.#run(batch, place);
      checkBatchLabels(batch, recorded.outputs.logits.shape[1], 'Trainer'); // (N,classes)
      return background(() => this.#replay(recorded, batch, place));
    } catch (error) {
      disposeImages(batch);
      throw error;
    }
  }

  /** A step that is not recorded yet. */
  async #run(batch: HostBatch, place: Place): Promise<Enqueued> {
    const inputs = background(() => ({
      images: imagesOf(batch, this.#options.imageShape),
      labels: labelsOf(batch),
      share: fill(empty([]), 1 / place.of),
    }));
    try {
      await nextTurn();
      this.#noticeChanges();
      this.#begin(place);
    } catch (error) {
      disposeAll(inputs);
      throw error;
    }
    const mayRecord = this.#mayRecord && this.#seen.has(kindOf(batch));
    if (mayRecord) return background(() => this.#record(inputs, batch, place));
    this.#seen.add(kindOf(batch));
    return this.#runInTurns(inputs, batch, place);
  }

  /** To be called between epochs: a `forward` of the user's own is recorded again, whatever it goes by. */
  passEpoch(): void {
    if (this.#options.capture === true && !runsLibraryCode(this.#options)) this.#forget();
  }

  /** Releases what was recorded, and the gradients, which replays keep in use. */
  dispose(): void {
    this.#forget();
    this.#options.optimizer.zeroGrad();
    this.#sums.drop();
  }

  #noticeChanges(): void {
    if (this.#decisions?.hold()) return;
    this.#forget();
    this.#decisions = new Decisions(this.#options.model, this.#options.optimizer);
    const wanted = this.#options.capture ?? runsLibraryCode(this.#options);
    this.#mayRecord = wanted && !this.#decisions.isTooMuch && !isAnomalyEnabled();
  }

  #forget(): void {
    for (const recorded of this.#recorded.values()) recorded.dispose();
    this.#recorded.clear();
    this.#seen.clear();
  }

  /** Sees to what `grad` holds before a batch. */
  #begin({ index }: Place): void {
    if (!this.#options.accumulates) {
      this.#options.optimizer.zeroGrad(); // now, so that all memory that is free can be joined
      return;
    }
    background(() => {
      if (index === 0) this.#sums.begin(this.#mayRecord);
      this.#sums.show();
    });
  }

  /** Updates, where a step is several batches and this is its last. */
  #end({ index, of }: Place): void {
    const { accumulates, advance, update } = this.#options;
    if (!accumulates) return;
    if (index < of - 1) {
      this.#sums.take();
      return;
    }
    advance();
    scope(update);
    this.#sums.takeAndLend();
  }

  #replay(recorded: RecordedStep, batch: HostBatch, place: Place): Enqueued {
    if (this.#options.accumulates) this.#begin(place);
    else this.#options.advance();
    recorded.replay(batch, 1 / place.of);
    this.#end(place);
    return { values: read(recorded.outputs) };
  }

  /** All parts of a step at once, to be replayed. */
  #record(inputs: Inputs, batch: HostBatch, place: Place): Enqueued {
    const { optimizer, accumulates, advance } = this.#options;
    try {
      if (!accumulates) advance();
      const run = (): Outputs => {
        const parts = this.#parts(inputs, batch);
        parts.next();
        return parts.next().value as Outputs; // there are two
      };
      const step = new RecordedStep(inputs, optimizer, run, !accumulates);
      this.#end(place);
      const values = read(step.outputs);
      this.#keep(step, kindOf(batch));
      return { values };
    } catch (error) {
      disposeAll(inputs);
      throw error;
    }
  }

  /**
   * Op by op, a step takes JavaScript up to 80 ms (ViT-Ti/16, the first one): timers and sockets get turns in the
   * middle.
   */
  async #runInTurns(inputs: Inputs, batch: HostBatch, place: Place): Promise<Enqueued> {
    const { accumulates, advance, optimizer } = this.#options;
    const parts = this.#parts(inputs, batch);
    try {
      background(() => parts.next());
      if (accumulates) this.#sums.take();
      await nextTurn();
      background(() => optimizer.makeStates());
      await nextTurn();
      return background(() => {
        if (accumulates) this.#sums.show();
        else advance();
        const outputs = parts.next().value as Outputs; // there are two
        this.#end(place);
        const values = read(outputs);
        disposeAll(outputs); // the reads are enqueued already
        return { values };
      });
    } finally {
      disposeAll(inputs);
    }
  }

  /**
   * A step in two parts, forward, then backward and update. Whoever calls backward on the model between them is dropped,
   * as between steps; where the weights or what is frozen have changed there, the forward is done again.
   */
  *#parts(inputs: Inputs, batch: HostBatch): Generator<undefined, Outputs> {
    let outputs = this.#forward(inputs, batch);
    const before = this.#weights();
    yield;
    const after = this.#weights();
    if (after.length !== before.length || after.some((value, i) => value !== before[i])) {
      releaseGraph(outputs.loss.node);
      disposeAll(outputs);
      outputs = this.#forward(inputs, batch);
    }
    try {
      this.#finish(outputs, inputs);
    } catch (error) {
      disposeAll(outputs);
      throw error;
    }
    return outputs;
  }

  #keep(step: RecordedStep, kind: string): void {
    if (step.hostWrite !== undefined) {
      this.#mayRecord = false;
      step.dispose();
      warnOnce(
        `Expected a forward without host writes, to be replayed, but it calls ${step.hostWrite}: every step runs op by op. Make constant tensors once, in the constructor.`,
      );
      return;
    }
    const [oldest] = this.#recorded.keys();
    if (oldest !== undefined && this.#recorded.size === MOST_RECORDED) {
      this.#recorded.get(oldest)?.dispose();
      this.#recorded.delete(oldest);
    }
    this.#recorded.set(kind, step);
  }

  /** The version of each weight, or undefined where it gets no gradient. */
  #weights(): (number | undefined)[] {
    const { model, optimizer } = this.#options;
    return [...model.parameters(), ...optimizer.parameters].map(({ requiresGrad, storage }) =>
      requiresGrad ? storage.version : undefined,
    );
  }

  #forward({ images, labels }: Inputs, batch: HostBatch): Outputs {
    const run = (): Outputs => {
      const [logits, ...others] = this.#options.forward(images);
      checkTensor(logits, "the model's logits", { shape: [batch.count, null], letters: '(N,classes)' });
      checkBatchLabels(batch, logits.shape[1], 'Trainer');
      return {
        logits,
        loss: checkTensor(this.#options.loss({ logits, others, labels, images }), 'the loss', { shape: [] }),
      };
    };
    return scope(this.#options.updateInBackward === undefined ? run : () => sparingMemory(run));
  }

  /** Backward and update, in one go; of one batch of several, backward alone. */
  #finish({ loss }: Outputs, { share }: Inputs): void {
    const { accumulates, optimizer, update, updateInBackward, guard } = this.#options;
    scope(() => {
      if (guard !== undefined) native.guardFinite({ guard, value: loss });
      if (accumulates) return loss.backward(share);
      optimizer.zeroGrad();
      if (updateInBackward === undefined) loss.backward();
      else backwardInTurn(loss, updateInBackward);
      update(); // of what is left
    });
  }
}

/** Batches of one kind are steps of the same commands. */
function kindOf({ count, labels }: HostBatch): string {
  return labels instanceof Int32Array ? `${count} classes` : `${count} targets of ${labels.length}`;
}

function disposeAll(...groups: readonly (Inputs | Outputs)[]): void {
  for (const group of groups) for (const held of Object.values(group) as Tensor[]) held.dispose();
}

async function read({ loss, logits }: Outputs): Promise<{ loss: number; logits: ArrayLike<number> }> {
  const [value, rows] = await Promise.all([loss.item(), logits.data()]);
  return { loss: value, logits: rows };
}
