import type { ViTConfig } from '../../../nn/vit/config.js';
import type { JsonFields } from '../../formats/json-fields.js';
import type { TensorInfo } from '../../formats/tensor-record.js';
import type { ClassPosition } from '../fold-class-position.js';
import type { AnyDescription, OwnDescription } from '../model-metadata.js';
import type { ResizeMethod } from '../position-resize.js';
import type { Preprocessing } from '../preprocessing.js';
import type { LayoutName } from './layout-name.js';
import type { Rule } from './rules.js';

export type { LayoutName } from './layout-name.js';

/** What a layout gets to see of a checkpoint. */
export interface Evidence<Own extends AnyDescription = OwnDescription> {
  readonly path: string;
  /** Of tensors, by their names in the file. */
  readonly infos: ReadonlyMap<string, TensorInfo>;
  /** The `config.json` beside the weights. */
  readonly config: JsonFields | undefined;
  /** The `preprocessor_config.json` beside the weights. */
  readonly preprocessor: JsonFields | undefined;
  /** What the file says of its model, if it is one of ours. */
  readonly own: Own | undefined;
}

/** A layout as it applies to one checkpoint. */
export interface Reading {
  /** By the name that rules know, the tensor's name in the file; tensors that are no business of ours are left out. */
  readonly names: ReadonlyMap<string, string>;
  readonly rules: readonly Rule[];
  /** The name in the file of a tensor that rules know by `name`. */
  spell(name: string): string;
}

/** The size of a model as its weights tell it, in pixels and channels. */
export interface ModelSize {
  readonly imgSize: readonly [number, number];
  /** The image size that the checkpoint is for; `imgSize` may be another that the caller asks for. */
  readonly trained: readonly [number, number];
  readonly inChans: number;
  readonly embedDim: number;
  readonly depth: number;
  readonly distilled: boolean;
}

/** One way in which checkpoints are laid out. */
export interface Layout {
  readonly name: LayoutName;
  /** What many names in such a file look like, and none in those of other layouts. */
  readonly marks: RegExp;
  read(evidence: Evidence): Reading;
  /** What is certain besides the shapes of the weights: heads, epsilon, activation; by its files or by the library. */
  configure(evidence: Evidence): Partial<ViTConfig>;
  /** What its models usually have, for lack of anything that tells: each one used is a guess, and is said to be one. */
  readonly usual: Partial<ViTConfig>;
  /** Likewise, of what such a file shows; over `usual`. */
  guesses?(evidence: Evidence): Partial<ViTConfig>;
  /** What is taken for granted though another model of the same tensors has it otherwise, in words. */
  doubts?(evidence: Evidence): readonly string[];
  /** Whether all its models are of square images. */
  readonly square?: true;
  /** How the library prepares images for a model of this size. */
  preprocessing(evidence: Evidence, size: ModelSize): Preprocessing & { cropPct?: number };
  /** Whether the checkpoint or the library leaves no doubt about that. */
  statesPreprocessing(evidence: Evidence): boolean;
  /** How the library fits position embeddings to another image size. */
  readonly positionResize: ResizeMethod | ((evidence: Evidence) => ResizeMethod);
  /** The class token and the positions of which it has one, where register tokens have none; see `FoldedWeights`. */
  classPosition?(evidence: Evidence): ClassPosition | undefined;
}
