import { checkArray, checkInteger, expected } from '../check.js';
import { nextId } from '../identity.js';
import { untracked } from '../scope.js';
import { empty, type Tensor } from '../tensor.js';

/** Options of whatever draws random numbers. */
export interface RandomOptions {
  /** Where the numbers are drawn from. Default: the generator that `manualSeed` seeds. */
  generator?: Generator;
}

/** Who hears of the first draw, while somebody wants to know. */
let watcher: ((generator: Generator) => void) | undefined;

/**
 * Random numbers from a counter-based generator (Philox 4x32-10, Salmon et al. 2011). The n-th number drawn is a
 * function of the seed and n alone: the same on any number of threads. Its state lives in native memory and advances on
 * the stream, so a replayed step draws new numbers.
 *
 * @see `torch.Generator`
 * @example
 * const generator = new Generator(7);
 * const noise = randn([2, 3], { generator });
 */
export class Generator {
  /** A number of its own, by which deep equality tells generators apart. */
  readonly id = nextId();
  readonly #state: Tensor;
  #seed: number;

  /** @param seed a whole number up to 2^53 - 1. Default 0. */
  constructor(seed = 0) {
    this.#seed = checkInteger(seed, 'Generator seed');
    this.#state = untracked(() => empty([4], 'int32').set(numbersOf(seed)));
  }

  /** What it was last seeded with. @see `torch.Generator.initial_seed` */
  get initialSeed(): number {
    return this.#seed;
  }

  /** Begins anew with a seed. */
  manualSeed(seed: number): this {
    this.#seed = checkInteger(seed, 'manualSeed');
    this.#state.set(numbersOf(seed));
    return this;
  }

  /** Where it stands, to resume from: `generator.setState(await generator.state())`. Rejects as `Tensor.data`. */
  async state(): Promise<number[]> {
    return [...(await this.#state.data())];
  }

  /**
   * Puts it where `state` found it, or another generator.
   *
   * @throws TypeError for what is no four whole numbers
   */
  setState(numbers: readonly number[]): this {
    return this.restore(numbers, 'the four numbers of state()', 'setState');
  }

  /** @internal As `setState`, in the words of the function that was called. */
  restore(numbers: readonly number[], what: string, where: string): this {
    if (checkArray(numbers, what, where).length !== 4) throw expected(what, where, numbers);
    this.#state.set(numbers);
    return this;
  }

  /** @internal As an op's operand: two 64-bit numbers, the seed and how many were drawn. To be asked for by draws alone. */
  get operand(): Tensor {
    watcher?.(this);
    return this.#state;
  }

  /** @internal The same, for copying. */
  get memory(): Tensor {
    return this.#state;
  }

  /** Gives its memory back; it cannot be used any more. */
  dispose(): void {
    this.#state.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function numbersOf(seed: number): number[] {
  return [seed | 0, Math.floor(seed / 2 ** 32) | 0, 0, 0];
}

let usual: Generator | undefined;

/** @internal The generator that `manualSeed` seeds. */
export function defaultGenerator(): Generator {
  usual ??= new Generator();
  return usual;
}

/** @internal The generator of a function's options. */
export function checkGenerator(generator: unknown, where: string): Generator {
  if (generator === undefined) return defaultGenerator();
  if (!(generator instanceof Generator)) throw expected('a Generator', `${where} generator`, generator);
  void generator.memory.storage; // throws when disposed
  return generator;
}

/** @internal Runs `fn`, and tells of each generator just before its first draw. */
export function watchDraws<T>(onFirst: (generator: Generator) => void, fn: () => T): T {
  const before = watcher;
  const seen = new Set<Generator>();
  watcher = (generator) => {
    before?.(generator);
    if (seen.has(generator)) return;
    seen.add(generator);
    onFirst(generator);
  };
  try {
    return fn();
  } finally {
    watcher = before;
  }
}
