/** A random order of [0, count), by the seed and the epoch alone, so that any epoch's can be made again. */
export function orderOf(count: number, seed: number, epoch: number): Uint32Array {
  const next = uniformOf(seed, epoch);
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i; // Uint32Array.from takes twenty times as long
  // Fisher and Yates.
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Mulberry32, started from a mix of two numbers; uniform in [0, 1). */
export function uniformOf(seed: number, epoch: number): () => number {
  let state = (Math.imul(seed ^ (seed / 2 ** 32), 0x9e3779b1) ^ Math.imul(epoch + 1, 0x85ebca6b)) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
