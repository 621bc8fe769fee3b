/** What the thread pool itself takes, in microseconds. */
export interface PoolCosts {
  /** From one thread's hand to the next that it wakes; those that are woken wake others. */
  readonly wake: number;
  /** From the last tile to the leader's going on. */
  readonly barrier: number;
}

/**
 * Half each of what a loop of two tiles of 0.5 us takes more than one of them (0.2 to 1 us, most of it for cache lines
 * to move), two cores of a Zen 5 that share no cache.
 */
export const DEFAULT_COSTS: PoolCosts = { wake: 0.5, barrier: 0.5 };

/** The tiles of a worker's share that nobody has taken. */
interface Share {
  begin: number;
  end: number;
}

/** The share that each of `threads` workers begins with: `FirstOfShare`'s. */
function sharesOf(tiles: number, threads: number): Share[] {
  return Array.from({ length: threads }, (_, worker) => ({
    begin: Math.ceil((tiles * worker) / threads),
    end: Math.ceil((tiles * (worker + 1)) / threads),
  }));
}

/** The tiles of several ranges in the order of a loop over all: each worker's part of each range (`Context::RunRanges`). */
function inOrder(ranges: readonly (readonly number[])[], threads: number): number[] {
  const parts = ranges.map((range) => ({ range, shares: sharesOf(range.length, threads) }));
  return Array.from({ length: threads }, (_, worker) =>
    parts.flatMap(({ range, shares }) => range.slice(shares[worker]?.begin, shares[worker]?.end)),
  ).flat();
}

/** The next tile of a worker: the first of its own share, or the last of the next one that has any (`ThreadPool::Claim`). */
function claim(shares: readonly Share[], worker: number): number | undefined {
  const own = shares[worker];
  if (own !== undefined && own.begin < own.end) return own.begin++;
  for (let step = 1; step < shares.length; step++) {
    const other = shares[(worker + step) % shares.length];
    if (other !== undefined && other.begin < other.end) return --other.end;
  }
  return undefined;
}

/**
 * Microseconds that a loop takes on so many threads, of which it takes each tile so many on one: workers are woken one
 * by another, take tiles as the thread pool has them do, and the last to end ends the loop. A loop of one tile wakes
 * nobody.
 */
export function loopTime(ranges: readonly (readonly number[])[], threads: number, costs: PoolCosts): number {
  const tiles = inOrder(ranges, threads);
  const workers = Math.min(threads, tiles.length);
  if (workers <= 1) return tiles.reduce((sum, time) => sum + time, 0);
  const shares = sharesOf(tiles.length, workers);
  const at = shares.map((_, worker) => Math.ceil(Math.log2(worker + 1)) * costs.wake);
  for (let left = tiles.length; left > 0; left--) {
    const worker = at.indexOf(Math.min(...at));
    const tile = claim(shares, worker);
    if (tile === undefined) throw new Error('a loop has fewer tiles than it says');
    at[worker] = (at[worker] ?? 0) + (tiles[tile] ?? 0);
  }
  return Math.max(...at) + costs.barrier;
}
