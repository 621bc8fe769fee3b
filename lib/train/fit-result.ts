import type { EpochRecord } from './epoch-record.js';

/** What `fit` gives. */
export interface FitResult {
  /** One entry for each epoch that is done. */
  history: EpochRecord[];
  /** Whether it ended before its epochs did. */
  stopped: boolean;
  /** What ended it. */
  reason: StopReason;
  /** Steps done in all, those before a resume included. */
  steps: number;
  /** Wall time of the whole call, evaluations included. */
  trainSeconds: number;
  /** Images trained on, over the time spent training on them. */
  imagesPerSecond: number;
}

/** Why a training ended: its epochs were done, its signal came, its `maxTime` was over, nothing improved, or a callback said so. */
export type StopReason = 'done' | 'signal' | 'maxTime' | 'earlyStopping' | 'callback';
