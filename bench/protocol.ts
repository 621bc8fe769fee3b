import type { Work } from './work.js';

/** What the runner asks of a contender's process: to prepare, to time for a while, and what memory that took. */
export type Request =
  | { readonly work: Work; readonly threads: number }
  | { readonly seconds: number }
  | { readonly trace: string; readonly tiles?: boolean }
  | { readonly end: true };

/**
 * What it answers, in order; first of all, unasked, that it is ready or why it never will be.
 * `ownGflops` is what multiply-adds on registers alone reached in this process, right after it was timed.
 */
export type Answer =
  | { readonly ready: string }
  | { readonly unavailable: string }
  | { readonly prepared: true }
  | { readonly samplesMs: readonly number[] }
  | { readonly traced: true }
  | { readonly peakBytes: number | null; readonly ownGflops?: number }
  | { readonly error: string };
