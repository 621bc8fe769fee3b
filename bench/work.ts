/** What contenders are asked to time. Plain data: it goes to other processes, and to other languages. */

export type Precision = 'fp32' | 'bf16' | 'int8';

/** The numbers that an op's benchmark is made of. */
export type Params = Readonly<Record<string, number>>;

/** A ViT, whole; sizes in pixels, channels and tokens. */
export interface ModelSizes {
  readonly imgSize: number;
  readonly patchSize: number;
  readonly inChans: number;
  readonly numClasses: number;
  readonly embedDim: number;
  readonly depth: number;
  readonly numHeads: number;
  readonly mlpRatio: number;
  /** What each block's branches are multiplied by at first; none where it is not there. */
  readonly initValues?: number;
}

/** A Swin Transformer of version 1, whole; a list has a number a stage. */
export interface SwinSizes {
  readonly imgSize: number;
  readonly patchSize: number;
  readonly inChans: number;
  readonly numClasses: number;
  readonly embedDim: number;
  readonly depths: readonly number[];
  readonly numHeads: readonly number[];
  readonly windowSize: number;
  readonly mlpRatio: number;
}

/** Steps on images of files. */
export interface FeedWork {
  readonly kind: 'feed';
  readonly model: ModelSizes;
  readonly batch: number;
  /** Of the images, in folders of classes; whoever comes first makes them. */
  readonly folder: string;
  readonly photographs: {
    readonly height: number;
    readonly width: number;
    readonly channels: number;
    readonly count: number;
  };
  /** Whether decoded images are kept, and the first epoch does not count. */
  readonly cached: boolean;
  /** Whether with RandAugment and mixup, besides crops. */
  readonly strong: boolean;
}

export type Work =
  /** Arithmetic on registers alone. */
  | { readonly kind: 'peak'; readonly tiles: number; readonly flopsPerTile: number; readonly precision: Precision }
  /** One op, forward alone or with its backward. */
  | { readonly kind: 'kernel'; readonly op: string; readonly params: Params; readonly backward: boolean }
  /** A whole step of a model: forward, backward and update, or forward alone. */
  | { readonly kind: 'train' | 'infer'; readonly model: ModelSizes | SwinSizes; readonly batch: number }
  | FeedWork;

/** One line of a suite, for all its contenders. */
export interface Case {
  readonly suite: string;
  readonly name: string;
  readonly model: string | null;
  readonly batch: number | null;
  readonly threads: number;
  readonly work: Work;
  /** Floating-point operations that the shapes ask for. */
  readonly flops: number;
  /** Bytes that must be read and written at least; null where nothing is said of them. */
  readonly bytes: number | null;
  /** The axis of a sweep that the case lies on, and where. */
  readonly axis?: { readonly name: string; readonly value: number };
}
