/**
 * Random numbers that follow from a few numbers alone: an image's from (seed, epoch, index), so that they are the same
 * in whatever order, thread or prefetch it is read.
 */
export class Draws {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, epoch: number, index: number) {
    this.#a = Math.imul(seed | 0, 0x9e3779b1) ^ Math.floor(seed / 2 ** 32);
    this.#b = Math.imul(epoch + 1, 0x85ebca6b);
    this.#c = Math.imul(index + 1, 0xc2b2ae35);
    for (let i = 0; i < 15; i++) this.#next();
  }

  /** Chris Doty-Humphrey's sfc32, 32 bits a step. */
  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** In [low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.#next() / 2 ** 32);
  }

  /** A whole number in [0, count). */
  below(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** A number to seed a generator with, of 53 bits. */
  seed(): number {
    return this.#next() * 2 ** 21 + (this.#next() >>> 11);
  }

  /** By Box and Muller. */
  normal(mean = 0, deviation = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Of a symmetric beta distribution: the share of one of two gamma draws. */
  beta(alpha: number): number {
    const [x, y] = [this.#logGamma(alpha), this.#logGamma(alpha)];
    return 1 / (1 + Math.exp(y - x));
  }

  /**
   * The logarithm of a gamma draw, which for small shapes is below all numbers itself.
   * @see Marsaglia and Tsang, "A simple method for generating gamma variables", 2000, with their boost below 1
   */
  #logGamma(shape: number): number {
    if (shape < 1) return this.#logGamma(shape + 1) + Math.log(1 - this.uniform()) / shape;
    const d = shape - 1 / 3;
    for (;;) {
      const x = this.normal();
      const v = (1 + x / Math.sqrt(9 * d)) ** 3;
      if (v > 0 && Math.log(1 - this.uniform()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return Math.log(d * v);
    }
  }
}
