/** Time spent training, evaluations apart, and images trained on. */
export class Clock {
  images = 0;
  #training = 0;
  readonly #start = performance.now();
  #resumed: number | undefined;

  resume(): void {
    this.#resumed = performance.now();
  }

  pause(): void {
    this.#training = this.#trainingSoFar();
    this.#resumed = undefined;
  }

  get imagesPerSecond(): number {
    return this.images / this.#trainingSoFar();
  }

  sinceStart(): number {
    return (performance.now() - this.#start) / 1000;
  }

  #trainingSoFar(): number {
    return this.#training + (this.#resumed === undefined ? 0 : (performance.now() - this.#resumed) / 1000);
  }
}
