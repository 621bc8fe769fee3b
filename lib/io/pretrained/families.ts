import { type ViTOptions, viTOptionNames } from '../../nn/vit/config.js';
import type { ViT } from '../../nn/vit/vit.js';
import type { Evidence } from './layouts/layout.js';
import { loadViT } from './load-pretrained.js';
import type { OpenCheckpoint } from './open-checkpoint.js';

/** Any model that `Model.fromPretrained` gives; `instanceof` tells which. */
export type PretrainedModel = ViT;

/** The options of any of them; those that a family has not are refused by it. */
export type PretrainedOptions = ViTOptions;

/** A kind of models with a class of its own. */
export interface Family {
  /** The class's name. */
  readonly name: string;
  /** The names of its options. */
  readonly options: readonly string[];
  /** Whether a checkpoint is of this kind, by its tensors' names, its config.json, or what a file of ours says. */
  recognises(evidence: Evidence): boolean;
  /** Reads it; throws in one sentence for what it does not know, and then nothing is loaded. */
  load(checkpoint: OpenCheckpoint, options: PretrainedOptions): Promise<PretrainedModel>;
}

/** Asked in this order; the last takes what is left, and says by its name what it is. */
export const families: readonly Family[] = [
  { name: 'ViT', options: viTOptionNames, recognises: () => true, load: loadViT },
];
