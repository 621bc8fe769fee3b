import { expected } from '../lib/check.js';
import { type Info, info } from '../lib/index.js';
import { native } from '../lib/native.js';
import { checkPrecision } from '../lib/precision.js';
import { type Peer, peer, vitrine } from './contenders.js';
import { measuredPeaks } from './peaks.js';
import type { PeakOf, RunEvents } from './runner.js';
import { Runner } from './runner.js';
import type { Machine } from './suite.js';
import type { Precision } from './work.js';

/** What a session is opened with. */
export interface SessionOptions {
  /** Timed beside vitrine. */
  readonly vs: readonly Peer[];
  /** For each contender of each case. */
  readonly seconds: number;
  readonly allowOverride: boolean;
  /** Of the factors of vitrine's products. */
  readonly precision: Precision;
}

/** One run of benchmarks: the machine, the contenders, and the peaks that are measured once. */
export interface Session {
  readonly info: Info;
  readonly machine: Machine;
  readonly peakOf: PeakOf;
  readonly runner: Runner;
}

// For the peaks; they vary little and need no long look.
const MOST_PEAK_SECONDS = 1;

/**
 * Opens a session.
 *
 * @throws Error where bfloat16 is asked for and cannot be had; TypeError while OPENBLAS_CORETYPE makes matrix products slower than the CPU could have them, unless allowed
 */
export function openSession(options: SessionOptions, events: RunEvents): Session {
  const found = info();
  const override = process.env.OPENBLAS_CORETYPE;
  if (override !== undefined && found.warnings.length > 0 && !options.allowOverride) {
    throw expected(
      "OpenBLAS's own choice of kernels",
      'a benchmark',
      `OPENBLAS_CORETYPE=${override}`,
      `${found.warnings.join(' ')} Or pass --allow-override to measure it all the same.`,
    );
  }
  const machine = { cpus: found.cpus, bf16: native.cpu().bf16 };
  const peakOf = measuredPeaks(Math.min(options.seconds, MOST_PEAK_SECONDS), machine.bf16);
  checkPrecision(options.precision, 'bench');
  const contenders = [vitrine(options.precision), ...options.vs.map(peer)];
  return { info: found, machine, peakOf, runner: new Runner(contenders, options.seconds, peakOf, events) };
}
