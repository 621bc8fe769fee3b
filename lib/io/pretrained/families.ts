import { type SwinOptions, swinOptionNames } from '../../nn/swin/config.js';
import type { Swin } from '../../nn/swin/swin.js';
import { type ViTOptions, viTOptionNames } from '../../nn/vit/config.js';
import type { ViT } from '../../nn/vit/vit.js';
import type { Evidence } from './layouts/layout.js';
import { loadViT } from './load-pretrained.js';
import type { AnyDescription } from './model-metadata.js';
import type { OpenCheckpoint } from './open-checkpoint.js';
import { isSwin } from './swin/layouts.js';
import { loadSwin } from './swin/load-swin.js';

/** Any model that `Model.fromPretrained` gives; `instanceof` tells which. */
export type PretrainedModel = ViT | Swin;

/** The options of any of them; those that a family has not are refused by it. */
export type PretrainedOptions = ViTOptions | SwinOptions;

/** A kind of models with a class of its own. */
export interface Family {
  /** The class's name. */
  readonly name: string;
  /** The names of its options. */
  readonly options: readonly string[];
  /** Whether a checkpoint is of this kind, by its tensors' names, its config.json, or what a file of ours says. */
  recognises(evidence: Evidence<AnyDescription>): boolean;
  /** Reads it; throws in one sentence for what it does not know, and then nothing is loaded. */
  load(checkpoint: OpenCheckpoint, options: PretrainedOptions): Promise<PretrainedModel>;
}

/** Whose a checkpoint is. */
export function familyOf({ evidence }: OpenCheckpoint): Family {
  const family = families.find(({ recognises }) => recognises(evidence));
  if (family === undefined) throw new Error('The last family takes every checkpoint.');
  return family;
}

/** Asked in this order; the last takes what is left, and says by its name what it is. */
export const families: readonly Family[] = [
  {
    name: 'Swin',
    options: swinOptionNames,
    recognises: isSwin,
    load: (checkpoint, options) => loadSwin(checkpoint, options as SwinOptions), // checked there
  },
  {
    name: 'ViT',
    options: viTOptionNames,
    recognises: () => true,
    load: (checkpoint, options) => loadViT(checkpoint, options as ViTOptions), // likewise
  },
];
