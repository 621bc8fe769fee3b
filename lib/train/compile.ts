import { isAnomalyEnabled, noGrad } from '../autograd.js';
import { checkBoolean, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { Module } from '../nn/module.js';
import { runsOwnCode } from '../nn/own-code.js';
import { checkTensor } from '../ops/check-tensor.js';
import { clone } from '../ops/copies.js';
import { copyInto } from '../ops/copy.js';
import { currentPrecision } from '../precision.js';
import { scope, untracked } from '../scope.js';
import { isCapturing } from '../stream.js';
import type { Tensor } from '../tensor.js';
import { warnOnce } from '../warning.js';
import { Capture } from './capture.js';
import { Decisions } from './decisions.js';

// The usual batch, the last one of a data set, and a few for whoever varies it.
const MOST_RECORDED = 4;

/** A model of one tensor to one. */
export interface Compilable extends Module {
  /** What it makes of a tensor of any shape that it takes. */
  forward(input: Tensor): Tensor;
}

/** Options of `compile`. */
export interface CompileOptions {
  /**
   * Whether forward is recorded. Default: where the model runs the library's code alone and has no hooks. With true a
   * `forward` of your own is recorded as well: what it goes by outside of the model's fields is frozen then.
   */
  capture?: boolean;
}

const NAMES: OptionNames<CompileOptions> = { capture: true };

/** A forward pass as it was recorded. */
interface Recording {
  readonly input: Tensor; // its own
  readonly capture: Capture<Tensor>;
}

/** A model whose forward pass is recorded by itself; see `compile`. */
export class CompiledModel {
  readonly #model: Compilable;
  readonly #wanted: boolean | undefined;
  readonly #recorded = new Map<string, Recording>();
  readonly #seen = new Set<string>();
  #decisions: Decisions | undefined;
  #mayRecord = false;
  #bringsValues = false;
  #disposed = false;

  /** @internal */
  constructor(model: Compilable, capture: boolean | undefined) {
    this.#model = model;
    this.#wanted = capture;
  }

  /** How many kinds of input are replayed. */
  get size(): number {
    return this.#recorded.size;
  }

  /**
   * The model's forward pass, without gradients: the same bits.
   *
   * @returns a tensor of the caller's own
   * @throws Error after `dispose()`; what the model's forward throws
   */
  forward(input: Tensor): Tensor {
    if (this.#disposed) throw new Error('Expected a live compiled model for forward() but received a disposed one.');
    checkTensor(input, 'compile forward input');
    return noGrad(() => scope(() => this.#run(input)));
  }

  /** Gives back what was recorded; the model is left alone. */
  dispose(): void {
    this.#forget();
    this.#disposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #run(input: Tensor): Tensor {
    this.#noticeChanges();
    if (!this.#mayRecord || isCapturing() || input.dtype !== 'float32') return this.#model.forward(input);
    const kind = `${currentPrecision()} ${input.shape}`;
    const recorded = this.#recorded.get(kind);
    if (recorded !== undefined) {
      copyInto(recorded.input, input);
      recorded.capture.replay();
      return clone(recorded.capture.result);
    }
    if (this.#seen.has(kind)) return this.#record(kind, input);
    this.#seen.add(kind);
    return this.#model.forward(input);
  }

  #record(kind: string, input: Tensor): Tensor {
    let brought: string | undefined;
    const own = untracked(() => clone(input));
    let recording: Recording;
    try {
      const run = (): Tensor => checkTensor(this.#model.forward(own), 'compile forward');
      const capture = new Capture(
        () => untracked(() => scope(run)),
        (what) => {
          brought ??= what;
        },
      );
      recording = { input: own, capture };
    } catch (error) {
      own.dispose();
      throw error;
    }
    const result = clone(recording.capture.result);
    if (brought === undefined) this.#keep(kind, recording);
    else {
      release(recording);
      this.#bringsValues = true;
      this.#mayRecord = false;
      warnOnce(
        `Expected a forward without host writes, to be replayed, but it calls ${brought}: it runs op by op. Make constant tensors once, in the constructor.`,
      );
    }
    return result;
  }

  #keep(kind: string, recording: Recording): void {
    const [oldest] = this.#recorded.keys();
    if (oldest !== undefined && this.#recorded.size === MOST_RECORDED) {
      release(this.#recorded.get(oldest) as Recording); // a key of it
      this.#recorded.delete(oldest);
    }
    this.#recorded.set(kind, recording);
  }

  #noticeChanges(): void {
    if (this.#decisions?.hold()) return;
    this.#forget();
    this.#decisions = new Decisions(this.#model);
    const wanted = this.#wanted ?? runsOwnCode(this.#model);
    this.#mayRecord = wanted && !this.#bringsValues && !this.#decisions.isTooMuch && !isAnomalyEnabled();
  }

  #forget(): void {
    for (const recording of this.#recorded.values()) release(recording);
    this.#recorded.clear();
    this.#seen.clear();
  }
}

function release({ input, capture }: Recording): void {
  capture.dispose();
  capture.result.dispose();
  input.dispose();
}

/**
 * A model for inference on inputs of a few shapes. The first forward pass of a shape runs op by op, the second is recorded
 * as it runs, and from the third on it is enqueued with one call, which takes JavaScript some microseconds instead of
 * some for each op. `evaluate` and `vitrine predict` do so by themselves.
 *
 * Results are those of the model, bit for bit. Weights are read at each call, as they are then. Where what JavaScript
 * decides of the model changes (`eval()`, a field, a layer, an adapter, a hook, precision), it is recorded anew; other
 * shapes are recorded by themselves, four at most, and the oldest is let go. What is recorded keeps the memory between its
 * ops, until `dispose()`.
 *
 * No gradients are recorded, and the model is run in the mode that it is in: call `eval()` first.
 *
 * @throws TypeError unless `model` is a Module with a forward, and options are known
 * @see `torch.compile`
 * @example
 * const compiled = compile(model.eval());
 * const logits = compiled.forward(images); // (N,classes), to be disposed by you
 * compiled.dispose();
 */
export function compile(model: Compilable, options: CompileOptions = {}): CompiledModel {
  if (!(model instanceof Module) || typeof model.forward !== 'function') {
    throw expected('a model, a Module with a forward of one tensor,', 'compile', model);
  }
  checkOptions(options, NAMES, 'compile');
  const { capture } = options;
  if (capture !== undefined) checkBoolean(capture, 'compile capture');
  return new CompiledModel(model, capture);
}
