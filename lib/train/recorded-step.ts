import type { HostBatch } from '../data/loader.js';
import { copyInto } from '../ops/copy.js';
import type { Optimizer } from '../optim/optimizer.js';
import { untracked } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Capture } from './capture.js';

/** What a step gives. */
export interface Outputs {
  loss: Tensor; // one element
  logits: Tensor; // (N,classes)
}

/** A batch in native memory. */
export interface Inputs {
  images: Tensor; // (N,C,H,W)
  labels: Tensor; // (N) int32, or (N,classes) float32
  share: Tensor; // one element: of the batch's loss in the step's
}

/** A step that was recorded as it ran, with the tensors that its batches are written to; `inputs` are its own. */
export class RecordedStep {
  readonly #inputs: Inputs;
  readonly #capture: Capture<Outputs>;
  readonly #gradients: readonly (readonly [parameter: Tensor, gradient: Tensor | null])[];
  /** What brought values from JavaScript's memory, if anything did: a replay would not bring new ones. */
  readonly hostWrite: string | undefined;
  #share = Number.NaN;

  /** @param showsGradients whether the step's gradients are its own, and shown at each replay */
  constructor(inputs: Inputs, optimizer: Optimizer, run: () => Outputs, showsGradients: boolean) {
    let hostWrite: string | undefined;
    this.#inputs = inputs;
    this.#capture = new Capture(
      () => untracked(run),
      (what) => {
        hostWrite ??= what;
      },
    );
    this.hostWrite = hostWrite;
    const shown = showsGradients ? optimizer.parameters : [];
    this.#gradients = shown.map((parameter) => [parameter, sharing(parameter.grad)]);
  }

  get outputs(): Outputs {
    return this.#capture.result;
  }

  /** Runs the step on another batch of the same size. */
  replay({ images, labels }: HostBatch, share: number): void {
    if (images instanceof Float32Array) this.#inputs.images.set(images);
    else {
      copyInto(this.#inputs.images, images);
      images.dispose();
    }
    this.#inputs.labels.set(labels);
    if (!Object.is(share, this.#share)) this.#inputs.share.set([share]);
    this.#share = share;
    for (const [parameter, gradient] of this.#gradients) showGradient(parameter, gradient);
    this.#capture.replay();
  }

  dispose(): void {
    this.#capture.dispose();
    const { loss, logits } = this.outputs;
    const { images, labels, share } = this.#inputs;
    for (const held of [images, labels, share, loss, logits]) held.dispose();
    for (const [, gradient] of this.#gradients) gradient?.dispose();
  }
}

/** A replay writes gradients where the recorded step did; that is what `grad` must show, whatever came between. */
function showGradient(parameter: Tensor, gradient: Tensor | null): void {
  const shown = parameter.grad;
  if (shown !== null && gradient !== null && !shown.disposed && shown.storage === gradient.storage) return;
  shown?.dispose();
  parameter.grad = sharing(gradient);
}

function sharing(tensor: Tensor | null): Tensor | null {
  return tensor === null ? null : untracked(() => tensor.alias());
}
