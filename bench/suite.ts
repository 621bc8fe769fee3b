import type { Peer } from './contenders.js';
import type { Case, Precision } from './work.js';

/** What a suite may be asked for; the threads are always known. */
export interface SuiteOptions {
  readonly model?: string;
  readonly batch?: number;
  readonly img?: number;
  readonly patch?: number;
  readonly dim?: number;
  readonly classes?: number;
  readonly threads: number;
}

/** The options by which a suite's cases can be changed. */
export type SuiteOption = Exclude<keyof SuiteOptions, 'threads'>;

/** What the machine offers. */
export interface Machine {
  readonly cpus: number;
  readonly bf16: boolean;
}

/** A group of cases under one name. */
export interface Suite {
  readonly name: string;
  readonly description: string;
  readonly options: readonly SuiteOption[];
  /** Whether others can be timed on it. */
  readonly hasPeers: boolean;
  /** Others that are timed on it always. */
  readonly beside?: readonly Peer[];
  /** Whether its steps' times on more threads can be predicted. */
  readonly predicts?: boolean;
  /** What its products can be asked for in; float32 alone where it does not say. */
  readonly precisions?: readonly Precision[];
  cases(options: SuiteOptions, machine: Machine): Case[];
}
