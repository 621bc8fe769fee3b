import { checkFunction } from '../check.js';
import { nextId } from '../identity.js';
import { type Graph, native } from '../native.js';
import { isCapturing, setCapturing } from '../stream.js';
import { checkSynchronous } from '../thenable.js';

const forgotten = new FinalizationRegistry<Graph>((graph) => native.releaseGraph(graph));

/**
 * A function whose ops run once and are recorded, to be enqueued again with one call. What it read and wrote last time
 * it reads and writes at every replay: change inputs with `tensor.set` in between. Reading a value inside it is an
 * error. Results are those of calling the function again, bit for bit.
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
  #graph: Graph | null;

  /** @throws TypeError when `fn` is asynchronous; Error inside another capture; whatever `fn` throws */
  constructor(fn: () => T) {
    checkFunction(fn, 'Capture');
    if (isCapturing()) {
      throw new Error('Expected one Capture at a time but received one inside another. Call its function instead.');
    }
    native.beginCapture();
    setCapturing(true);
    try {
      this.result = fn();
    } catch (error) {
      native.releaseGraph(native.endCapture());
      throw error;
    } finally {
      setCapturing(false);
    }
    this.#graph = native.endCapture();
    try {
      checkSynchronous(this.result, 'Capture');
    } catch (error) {
      this.dispose();
      throw error;
    }
    forgotten.register(this, this.#graph, this);
  }

  /** Enqueues everything once more. */
  replay(): void {
    if (this.#graph === null) throw new Error('Expected a live capture for replay() but received a disposed one.');
    native.replay(this.#graph);
  }

  /** Gives the memory between the function's ops back; `result` is left alone. */
  dispose(): void {
    if (this.#graph === null) return;
    forgotten.unregister(this);
    native.releaseGraph(this.#graph);
    this.#graph = null;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
