import { basename, join } from 'node:path';
import { expected, Text } from '../check.js';
import { UsageError } from './usage-error.js';

/** The flags of `vitrine train`, parsed; what was not given is absent. */
export interface TrainFlags {
  preset?: 'digits';
  data?: string;
  out?: string;
  epochs?: number;
  batch?: number;
  optimizer?: 'sgd' | 'adamw';
  lr?: number;
  momentum?: number;
  weightDecay?: number;
  warmup?: number;
  clip?: number;
  labelSmoothing?: number;
  seed?: number;
  model?: string;
  patch?: number;
  dim?: number;
  depth?: number;
  heads?: number;
  mlpRatio?: number;
  dropout?: number;
  dropPath?: number;
  threads?: number;
  precision?: 'fp32' | 'bf16';
  checkpoint?: boolean;
  trace?: string;
  capture: boolean;
  report: boolean;
  quiet?: boolean;
  force?: boolean;
}

/** What is trained: with a name, the sizes left undefined are those of the name. */
export interface ModelSettings {
  readonly name: string | null;
  readonly patch: number | undefined;
  readonly dim: number | undefined;
  readonly depth: number | undefined;
  readonly heads: number | undefined;
  readonly mlpRatio: number | undefined;
  readonly dropout: number;
  readonly dropPath: number;
}

/** Everything that a training run depends on. */
export interface TrainSettings {
  /** Folder of IDX files; null for the bundled digits. */
  readonly data: string | null;
  readonly out: string;
  readonly epochs: number;
  readonly batch: number;
  readonly optimizer: 'sgd' | 'adamw';
  readonly lr: number;
  /** Of SGD only. */
  readonly momentum: number;
  readonly weightDecay: number;
  /** Share of all steps in which the learning rate rises. */
  readonly warmup: number;
  /** Largest norm of the gradient; 0 for no clipping. */
  readonly clip: number;
  readonly labelSmoothing: number;
  readonly seed: number;
  readonly model: ModelSettings;
  /** Undefined for as many as the process may use. */
  readonly threads: number | undefined;
  readonly precision: 'fp32' | 'bf16';
  readonly checkpoint: boolean;
  /** Where to write the commands of a step; undefined for nowhere. */
  readonly trace: string | undefined;
  readonly capture: boolean;
  readonly report: boolean;
  readonly quiet: boolean;
  /** Whether what is in the folder may be another run, which is replaced. */
  readonly force: boolean;
}

// The recipe of the digits preset; it does well on other small images, too. AdamW's are timm's usual.
const RECIPE = { epochs: 60, batch: 64, warmup: 0.05, clip: 1, labelSmoothing: 0, seed: 0 };
const SIZES = { patch: 4, dim: 64, depth: 4, heads: 4, mlpRatio: 4 };
const OPTIMIZERS = {
  sgd: { lr: 0.1, momentum: 0.9, weightDecay: 0 },
  adamw: { lr: 1e-3, momentum: 0, weightDecay: 0.05 },
};

/**
 * Fills in what the flags leave open.
 *
 * @throws UsageError when there is nothing to train on, or flags contradict each other
 */
export function resolveSettings(flags: TrainFlags): TrainSettings {
  if (flags.preset === undefined && flags.data === undefined) {
    const advice = 'The preset trains on the bundled digits; --data names a folder of IDX files.';
    throw new UsageError(expected('--preset digits or --data <folder>', 'vitrine train', new Text('neither'), advice));
  }
  if (flags.preset !== undefined && flags.data !== undefined) {
    const advice = 'The preset trains on the bundled digits; --data names other images.';
    throw new UsageError(expected('--preset or --data', 'vitrine train', new Text('both'), advice));
  }
  const optimizer = flags.optimizer ?? 'sgd';
  if (optimizer === 'adamw' && flags.momentum !== undefined) {
    throw new UsageError(expected('--optimizer sgd', '--momentum', optimizer, 'AdamW has no momentum to set.'));
  }
  const sizes = flags.model === undefined ? SIZES : undefined;
  return {
    data: flags.data ?? null,
    out: flags.out ?? join('runs', flags.data === undefined ? 'digits' : basename(flags.data)),
    ...RECIPE,
    ...OPTIMIZERS[optimizer],
    ...given({
      epochs: flags.epochs,
      batch: flags.batch,
      lr: flags.lr,
      momentum: flags.momentum,
      weightDecay: flags.weightDecay,
      warmup: flags.warmup,
      clip: flags.clip,
      labelSmoothing: flags.labelSmoothing,
      seed: flags.seed,
    }),
    optimizer,
    model: {
      name: flags.model ?? null,
      patch: flags.patch ?? sizes?.patch,
      dim: flags.dim ?? sizes?.dim,
      depth: flags.depth ?? sizes?.depth,
      heads: flags.heads ?? sizes?.heads,
      mlpRatio: flags.mlpRatio ?? sizes?.mlpRatio,
      dropout: flags.dropout ?? 0,
      dropPath: flags.dropPath ?? 0,
    },
    threads: flags.threads,
    precision: flags.precision ?? 'fp32',
    checkpoint: flags.checkpoint === true,
    trace: flags.trace,
    capture: flags.capture,
    report: flags.report,
    quiet: flags.quiet === true,
    force: flags.force === true,
  };
}

/** Only what is not undefined. */
function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
