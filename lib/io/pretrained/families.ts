import { checkOptions, type OptionNames } from '../../check-options.js';
import { type SwinOptions, swinOptionNames } from '../../nn/swin/config.js';
import type { Swin } from '../../nn/swin/swin.js';
import { type ViTOptions, viTOptionNames } from '../../nn/vit/config.js';
import type { ViT } from '../../nn/vit/vit.js';
import type { Evidence } from './layouts/layout.js';
import { loadViT } from './load-pretrained.js';
import type { AnyDescription } from './model-metadata.js';
import { type OpenCheckpoint, withCheckpoint } from './open-checkpoint.js';
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

/** A model of the family whose a checkpoint is; see `Model.fromPretrained`. */
export async function loadModel(path: string, options: PretrainedOptions): Promise<PretrainedModel> {
  checkFor(families, options, 'Model.fromPretrained'); // before a file is read that may take long
  return withCheckpoint(path, (checkpoint) => familyOf(checkpoint).load(checkpoint, options));
}

/** A model of the family of that name; see `ViT.fromPretrained`. */
export async function loadFamily(name: string, path: string, options: PretrainedOptions): Promise<PretrainedModel> {
  const chosen = families.filter((family) => family.name === name);
  checkFor(chosen, options, name); // likewise
  return withCheckpoint(path, (checkpoint) => (chosen[0] as Family).load(checkpoint, options)); // a class with a row below
}

/** Refuses options that none of the families has. */
function checkFor(chosen: readonly Family[], options: PretrainedOptions, where: string): void {
  const known = chosen.flatMap((family) => family.options.map((name) => [name, true] as const));
  checkOptions(options, Object.fromEntries(known) as unknown as OptionNames<PretrainedOptions>, where);
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
