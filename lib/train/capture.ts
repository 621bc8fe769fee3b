import { checkFunction } from '../check.js';
import { nextId } from '../identity.js';
import { type Graph, native } from '../native.js';
import { collect } from '../scope.js';
import { isCapturing, type Kept, setRecording } from '../stream.js';
import { Tensor } from '../tensor.js';
import { checkSynchronous } from '../thenable.js';

const forgotten = new FinalizationRegistry<Graph>((graph) => native.releaseGraph(graph));

function refuseHostWrite(what: string): never {
  throw new Error(
    `Expected no ${what} inside a captured function but received one: every replay would bring the same values again. Make the tensor outside, and set() it before replay(); an optimizer's advance() goes there too.`,
  );
}

/**
 * A function whose ops run once and are recorded, to be enqueued again with one call: those ops, on those tensors. What
 * they read and wrote last time they read and write at every replay; change inputs with `tensor.set` in between.
 *
 * All else that JavaScript decided while the function ran is frozen as it was: the branches taken, numbers given to ops,
 * options, `train()` or `eval()`, what was frozen, precision. Where that changes, make a new capture. (The Trainer notices
 * such changes by itself.) What cannot be repeated is refused inside: reading a value, and bringing values from
 * JavaScript's memory with `tensor(...)` or `set`. Random draws are new at each replay. Results are those of calling
 * the function again, bit for bit.
 *
 * @example
 * const step = new Capture(() => model.forward(images)); // runs once
 * images.set(nextPixels);
 * step.replay();
 * await step.result.data();
 */
export class Capture<T> {
  /** A number of its own, by which deep equality tells captures apart. */
  readonly id = nextId();
  /** What the function returned; replays overwrite its tensors. */
  readonly result: T;
  /** Storages that a replay modifies and that live on, to be told so. */
  readonly #modified: readonly { version: number }[];
  /** Packed weights that it reads. */
  readonly #kept = new Set<Kept>();
  #graph: Graph | null;

  /**
   * @throws TypeError when `fn` is no function or asynchronous; Error inside another capture, or where `fn` reads a value
   *   or brings one from JavaScript's memory; whatever `fn` throws
   */
  constructor(fn: () => T, /** @internal */ onHostWrite: (what: string) => void = refuseHostWrite) {
    checkFunction(fn, 'Capture');
    if (isCapturing()) {
      throw new Error('Expected one Capture at a time but received one inside another. Call its function instead.');
    }
    const modified = new Set<{ version: number }>();
    native.beginCapture();
    setRecording({ onHostWrite, modified, kept: this.#kept });
    try {
      this.result = fn();
    } catch (error) {
      native.releaseGraph(native.endCapture());
      for (const kept of this.#kept) kept.release();
      throw error;
    } finally {
      setRecording(undefined);
    }
    this.#graph = native.endCapture();
    try {
      checkSynchronous(this.result, 'Capture');
    } catch (error) {
      this.dispose();
      throw error;
    }
    for (const { storage } of liveTensors(this.result)) modified.add(storage);
    this.#modified = [...modified];
    forgotten.register(this, this.#graph, this);
  }

  /** Enqueues everything once more. */
  replay(): void {
    if (this.#graph === null) throw new Error('Expected a live capture for replay() but received a disposed one.');
    if (isCapturing()) throw new Error('Expected no replay() inside a captured function but received one.');
    for (const kept of this.#kept) kept.refresh();
    native.replay(this.#graph);
    // What autograd saved of them elsewhere is not what it was.
    for (const storage of this.#modified) storage.version++;
  }

  /** Gives the memory between the function's ops back; `result` is left alone. */
  dispose(): void {
    if (this.#graph === null) return;
    forgotten.unregister(this);
    native.releaseGraph(this.#graph);
    this.#graph = null;
    for (const kept of this.#kept) kept.release();
    this.#kept.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function liveTensors(value: unknown): Tensor[] {
  const found = new Set<Tensor>();
  collect(value, (item) => item instanceof Tensor, found);
  return [...found].filter((item) => !item.disposed);
}
