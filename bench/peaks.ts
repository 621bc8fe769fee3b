import { vitrine } from './contenders.js';
import { type PeakOf, Runner } from './runner.js';
import type { Case, Precision, Work } from './work.js';

// Enough that a tile takes about a millisecond on a fast core, and that threads share the tiles evenly.
const FLOPS_PER_TILE = 1e8;
const TILES_PER_THREAD = 8;

/** The case that measures what `threads` cores can do at best. */
export function peakCase(threads: number, precision: Precision): Case {
  const tiles = TILES_PER_THREAD * threads;
  const work: Work = { kind: 'peak', tiles, flopsPerTile: FLOPS_PER_TILE, precision };
  return {
    suite: 'peak',
    name: `${precision}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    model: null,
    batch: null,
    threads,
    work,
    flops: tiles * FLOPS_PER_TILE,
    bytes: null,
  };
}

/** Measures a peak when it is first asked for; the fastest sample counts. bf16 is null on a CPU that has none, and so is int8. */
export function measuredPeaks(seconds: number, hasBf16: boolean): PeakOf {
  const found = new Map<string, number | null>();
  const silent = { onSkip: () => undefined, onDoubt: () => undefined, onProgress: () => undefined };
  const runner = new Runner([vitrine('fp32')], seconds, () => Promise.resolve(null), silent);
  return async (threads, precision) => {
    const key = `${threads} ${precision}`;
    const known = found.get(key);
    if (known !== undefined) return known;
    let peak: number | null = null;
    if (precision === 'fp32' || (precision === 'bf16' && hasBf16)) {
      const item = peakCase(threads, precision);
      const [timing] = await runner.time(item);
      peak = timing === undefined ? null : item.flops / Math.min(...timing.samplesMs) / 1e6;
    }
    found.set(key, peak);
    return peak;
  };
}
