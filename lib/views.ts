/** Tensors that are other shapes of one memory, and share what made it: a tensor and its views. */

interface Viewed {
  readonly requiresGrad: boolean;
  readonly node: unknown;
}

/** What a tensor and all its views have in common. */
interface Family<T> {
  readonly base: T;
  /** How often one of them was changed in place by a recorded op. */
  changes: number;
  /** Makes another one of them a view of the one that was changed last. */
  lead: (view: T) => void;
}

/**
 * A tensor's place among its views. One that a recorded op changes in place becomes the result of that op; the others
 * become views of it, each when somebody next asks what made it.
 */
export class Views<T extends Viewed> {
  readonly #family: Family<T>;
  #followed: number;

  private constructor(
    family: Family<T>,
    /** Whether it follows changes: not so what was made unrecorded, and is a constant. */
    readonly isTraced: boolean,
  ) {
    this.#family = family;
    this.#followed = family.changes;
  }

  /** The place of a tensor that has no views yet. */
  static of<T extends Viewed>(base: T): Views<T> {
    return new Views({ base, changes: 0, lead: () => undefined }, true);
  }

  /** The tensor that the others are views of. */
  get base(): T {
    return this.#family.base;
  }

  /** The place of one more view, of this one. */
  another(isTraced: boolean): Views<T> {
    return new Views(this.#family, isTraced && this.isTraced);
  }

  /** Notes that this one, by now the result of a recorded op, was changed by it. */
  noteChange(lead: (view: T) => void): void {
    this.#family.lead = lead;
    this.#followed = ++this.#family.changes;
  }

  /** Makes `view`, whose place this is, one of what was changed last. */
  follow(view: T): void {
    if (!this.isTraced || this.#followed === this.#family.changes) return;
    this.#followed = this.#family.changes;
    this.#family.lead(view);
  }
}
