import { median } from './statistics.js';
import type { Case, Precision } from './work.js';

/** One contender's result on one case: a line of `--json`. What does not apply is null. */
export interface BenchRecord {
  readonly suite: string;
  readonly case: string;
  readonly model: string | null;
  readonly batch: number | null;
  readonly threads: number;
  readonly precision: Precision;
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly imagesPerSecond: number | null;
  /** 1e9 floating-point operations a second, counted from the shapes. */
  readonly gflops: number;
  /** Share of the peak that this run measured, for the record's threads and precision. */
  readonly peakFraction: number | null;
  /** By how much the process's resident memory grew at most, from before the case was set up. */
  readonly peakBytes: number | null;
  readonly contender: string;
  /** The contender's median over vitrine's: how many times as long it takes. */
  readonly ratio: number | null;
  /** 1e9 bytes a second, counted from the shapes. */
  readonly gigabytesPerSecond: number | null;
  /** Of a sweep: the fitted p of time = c * size^p, over all points of the axis. */
  readonly exponent: number | null;
}

/** What a contender's process told of a case. */
export interface Timing {
  readonly contender: string;
  readonly precision: Precision;
  readonly samplesMs: readonly number[];
  readonly peakBytes: number | null;
  /** What multiply-adds on registers alone reached in the contender's own process after that, 1e9 a second. */
  readonly ownGflops?: number;
}

/** The record of a contender's timing; `peakGflops` is the peak to compare with, if there is one. */
export function recordOf(item: Case, timing: Timing, peakGflops: number | null, vitrineMs: number | null): BenchRecord {
  const medianMs = median(timing.samplesMs);
  const gflops = item.flops / medianMs / 1e6;
  return {
    suite: item.suite,
    case: item.name,
    model: item.model,
    batch: item.batch,
    threads: item.threads,
    precision: timing.precision,
    medianMs,
    minMs: Math.min(...timing.samplesMs),
    maxMs: Math.max(...timing.samplesMs),
    imagesPerSecond: item.batch === null ? null : (item.batch / medianMs) * 1e3,
    gflops,
    peakFraction: peakGflops === null ? null : gflops / peakGflops,
    peakBytes: timing.peakBytes,
    contender: timing.contender,
    ratio: vitrineMs === null ? null : medianMs / vitrineMs,
    gigabytesPerSecond: item.bytes === null ? null : item.bytes / medianMs / 1e6,
    exponent: null,
  };
}
