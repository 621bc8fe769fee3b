import { basename, join } from 'node:path';
import { expected, Text } from '../check.js';
import type { AugmentOptions } from '../data/augment/augment.js';
import type { TrainingPrecision } from '../precision-names.js';
import { augmentation, checkAugmentFlags } from './augment-flags.js';
import type { ClassWeightsFlag } from './class-weights-flag.js';
import { checkMomentum, type OptimizerName } from './optimizer-flags.js';
import { type ModelSizes, type Recipe, recipeFor, type Tuned } from './recipe.js';
import { checkScheduleFlags, type ScheduleName, type Scheduling, scheduling } from './schedule-flags.js';
import { checkTuningFlags, type LoraSettings, loraSettings } from './tuning-flags.js';
import { UsageError } from './usage-error.js';

/** The flags of `vitrine train`, parsed; what was not given is absent. Named as timm's `train.py` names them. */
export interface TrainFlags {
  preset?: 'digits';
  data?: string;
  valSplit?: number;
  imgSize?: number;
  out?: string;
  epochs?: number;
  batchSize?: number;
  opt?: OptimizerName;
  lr?: number;
  momentum?: number;
  weightDecay?: number;
  layerDecay?: number;
  sched?: ScheduleName;
  warmupEpochs?: number;
  minLr?: number;
  lrCycleLimit?: number;
  schedPower?: number;
  decayEpochs?: number;
  decayMilestones?: readonly number[];
  decayRate?: number;
  patienceEpochs?: number;
  clipGrad?: number;
  gradAccumSteps?: number;
  modelEma?: number | true;
  smoothing?: number;
  classWeights?: ClassWeightsFlag;
  aa?: string;
  scale?: number;
  hflip?: number;
  vflip?: number;
  colorJitter?: number;
  reprob?: number;
  mixup?: number;
  cutmix?: number;
  mixupProb?: number;
  mixupSwitchProb?: number;
  mixupMode?: 'batch' | 'pair' | 'elem';
  aug: boolean;
  cache?: 'auto' | 'memory' | 'disk' | 'none';
  seed?: number;
  model?: string;
  pretrained?: string;
  freeze?: string;
  linearProbe?: boolean;
  lora?: number;
  loraAlpha?: number;
  loraTargets?: string;
  patch?: number;
  dim?: number;
  depth?: number;
  heads?: number;
  mlpRatio?: number;
  dropout?: number;
  dropPath?: number;
  threads?: number;
  precision?: TrainingPrecision;
  gradCheckpointing?: boolean;
  optimizerInBackward?: boolean;
  trace?: string;
  config?: string;
  checkpoints: boolean;
  resume?: boolean;
  capture: boolean;
  report: boolean;
  tensorboard?: boolean;
  quiet?: boolean;
  json?: boolean;
  force?: boolean;
}

/** What is trained: with a name, the sizes left undefined are those of the name; with a checkpoint, all are its own. */
export interface ModelSettings {
  readonly name: string | null;
  /** A checkpoint to begin with. */
  readonly pretrained: string | null;
  /** Parameters that stay as they are, by a pattern of their names. */
  readonly freeze: string | null;
  /** Whether the head alone is trained. */
  readonly linearProbe: boolean;
  /** Adapters that are trained in the place of a checkpoint's weights. */
  readonly lora: LoraSettings | null;
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
  /** Folder of images or of IDX files; null for the bundled digits. */
  readonly data: string | null;
  /** The share of each class to test with, where the folder has no part for it. */
  readonly valSplit: number | undefined;
  /** Side in pixels that photographs are brought to; null for images that stay as they are. */
  readonly imgSize: number | null;
  readonly out: string;
  readonly epochs: number;
  readonly batch: number;
  readonly optimizer: OptimizerName;
  readonly lr: number;
  /** Of SGD only. */
  readonly momentum: number;
  readonly weightDecay: number;
  /** Factor of the learning rate from a layer to the one below it; null for one rate. */
  readonly layerDecay: number | null;
  readonly schedule: ScheduleName;
  /** What the schedule goes by. */
  readonly scheduling: Scheduling;
  /** Epochs, not whole ones either, in which the learning rate rises. */
  readonly warmupEpochs: number;
  /** Largest norm of the gradient; 0 for no clipping. */
  readonly clip: number;
  /** Batches whose gradients make one step. */
  readonly gradAccumSteps: number;
  /** Decay of the average of weights; null for none. */
  readonly ema: number | null;
  readonly labelSmoothing: number;
  /** How much each class counts in the loss; null for all the same. */
  readonly classWeights: ClassWeightsFlag | null;
  /** How photographs are changed in training; null for not at all. */
  readonly augment: AugmentOptions | null;
  /** Where decoded photographs are kept. */
  readonly cache: 'auto' | 'memory' | 'disk' | 'none';
  readonly seed: number;
  readonly model: ModelSettings;
  /** Undefined for as many as the process may use. */
  readonly threads: number | undefined;
  /** `'auto'` as it was decided. */
  readonly precision: Exclude<TrainingPrecision, 'auto'>;
  readonly gradCheckpointing: boolean;
  readonly optimizerInBackward: boolean;
  /** Where to write the commands of a step; undefined for nowhere. */
  readonly trace: string | undefined;
  /** Whether what a resumed training needs is written after each epoch. */
  readonly checkpoints: boolean;
  /** Whether to go on where an earlier training of this run was stopped, if it was. */
  readonly resume: boolean;
  readonly capture: boolean;
  readonly report: boolean;
  /** Whether events for TensorBoard are written. */
  readonly tensorboard: boolean;
  readonly quiet: boolean;
  /** Whether what happens goes to stdout as lines of JSON. */
  readonly json: boolean;
  /** Whether what is in the folder may be another run, which is replaced. */
  readonly force: boolean;
}

const MOMENTUM = 0.9;
// timm's, for a run of some thousand steps.
const EMA_DECAY = 0.999;

/**
 * Throws where flags contradict each other, before any data is looked at.
 *
 * @throws UsageError
 */
export function checkFlags(flags: TrainFlags): void {
  const conflict = (what: string, where: string, received: unknown, advice: string): never => {
    throw new UsageError(expected(what, where, received, advice));
  };
  const { preset, data } = flags;
  const eitherAdvice = 'The preset trains on the bundled digits; --data names other images.';
  if (preset === undefined && data === undefined) {
    const advice = 'The preset trains on the bundled digits; --data names a folder of images in class folders.';
    conflict('--preset digits or --data <folder>', 'vitrine train', new Text('neither'), advice);
  }
  if (preset !== undefined && data !== undefined) {
    conflict('--preset or --data', 'vitrine train', new Text('both'), eitherAdvice);
  }
  if (flags.opt !== undefined) checkMomentum(flags, flags.opt);
  if (flags.resume === true && !flags.checkpoints) {
    conflict(
      '--resume or --no-checkpoints',
      'vitrine train',
      new Text('both'),
      'Checkpoints are what it goes on from.',
    );
  }
  checkAugmentFlags(flags);
  checkScheduleFlags(flags);
  checkTuningFlags(flags);
  if (flags.pretrained === undefined) return;
  const sizes = ['model', 'patch', 'dim', 'depth', 'heads', 'mlpRatio'] as const;
  const own = sizes.find((name) => flags[name] !== undefined);
  if (own !== undefined) {
    const flag = own === 'mlpRatio' ? '--mlp-ratio' : `--${own}`;
    conflict('--pretrained or sizes', 'vitrine train', new Text(`${flag} too`), 'The checkpoint has its own sizes.');
  }
}

/** The same, of which the CPU has decided what it decides. */
export type DecidedFlags = Omit<TrainFlags, 'precision'> & { precision?: Exclude<TrainingPrecision, 'auto'> };

/**
 * Fills in what the flags leave open.
 *
 * @param side typical of a folder's images, in pixels; null for images that stay as they are
 * @throws UsageError when there is nothing to train on, or flags contradict each other
 */
export function resolveSettings(flags: DecidedFlags, side: number | null = null): TrainSettings {
  checkFlags(flags);
  const recipe = recipeFor({ side, imgSize: flags.imgSize, tuned: tunedBy(flags) });
  const optimizer = flags.opt ?? recipe.optimizer;
  checkMomentum(flags, optimizer);
  const { lr, weightDecay } = recipe.optimizers[optimizer];
  const epochs = flags.epochs ?? recipe.epochs;
  return {
    data: flags.data ?? null,
    valSplit: flags.valSplit,
    imgSize: side === null ? null : recipe.imgSize,
    out: flags.out ?? join('runs', flags.data === undefined ? 'digits' : nameOfData(flags.data)),
    epochs,
    batch: flags.batchSize ?? recipe.batch,
    optimizer,
    lr: flags.lr ?? lr,
    momentum: optimizer === 'sgd' ? (flags.momentum ?? MOMENTUM) : 0,
    weightDecay: flags.weightDecay ?? weightDecay,
    layerDecay: flags.layerDecay ?? recipe.layerDecay,
    schedule: flags.sched ?? 'cosine',
    scheduling: scheduling(flags, epochs),
    warmupEpochs: flags.warmupEpochs ?? recipe.warmup * epochs,
    clip: flags.clipGrad ?? recipe.clip,
    gradAccumSteps: flags.gradAccumSteps ?? 1,
    ema: flags.modelEma === true ? EMA_DECAY : (flags.modelEma ?? null),
    labelSmoothing: flags.smoothing ?? recipe.labelSmoothing,
    classWeights: flags.classWeights ?? null,
    augment: side === null || !flags.aug ? null : augmentation(flags, recipe),
    cache: flags.cache ?? 'auto',
    seed: flags.seed ?? 0,
    model: modelSettings(flags, recipe),
    threads: flags.threads,
    precision: flags.precision ?? 'fp32',
    gradCheckpointing: flags.gradCheckpointing === true,
    optimizerInBackward: flags.optimizerInBackward === true,
    trace: flags.trace,
    // The digits take seconds.
    checkpoints: flags.checkpoints && (flags.data !== undefined || flags.resume === true),
    resume: flags.resume === true,
    capture: flags.capture,
    report: flags.report,
    tensorboard: flags.tensorboard === true,
    quiet: flags.quiet === true,
    json: flags.json === true,
    force: flags.force === true,
  };
}

/** What a run is called by its data: a folder's name, or a file's without its ending. */
function nameOfData(path: string): string {
  return basename(path).replace(/\.(parquet|tar|csv)$/i, '');
}

/** What of a checkpoint is trained; null where none is begun with. */
function tunedBy({ pretrained, lora, linearProbe }: TrainFlags): Tuned | null {
  if (pretrained === undefined) return null;
  if (lora !== undefined) return 'adapters';
  return linearProbe ? 'head' : 'all';
}

function modelSettings(flags: TrainFlags, recipe: Recipe): ModelSettings {
  const ownSizes = flags.model === undefined && flags.pretrained === undefined;
  const sizes: Partial<ModelSizes> = ownSizes ? recipe.sizes : {};
  return {
    name: flags.model ?? null,
    pretrained: flags.pretrained ?? null,
    freeze: flags.freeze ?? null,
    linearProbe: flags.linearProbe === true,
    lora: loraSettings(flags),
    patch: flags.patch ?? sizes.patch,
    dim: flags.dim ?? sizes.dim,
    depth: flags.depth ?? sizes.depth,
    heads: flags.heads ?? sizes.heads,
    mlpRatio: flags.mlpRatio ?? sizes.mlpRatio,
    dropout: flags.dropout ?? 0,
    dropPath: flags.dropPath ?? recipe.dropPath,
  };
}
