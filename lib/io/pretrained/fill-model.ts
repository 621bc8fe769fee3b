import * as init from '../../nn/init.js';
import type { Module } from '../../nn/module.js';
import type { TensorInfo } from '../formats/tensor-record.js';
import type { Weights } from '../formats/weights.js';
import { fillParameters } from './fill-parameters.js';
import { misfitError, misfits } from './fit.js';
import type { Reading } from './layouts/layout.js';
import type { Mapping } from './layouts/rules.js';

/** Where a model's tensors are. */
export interface Source {
  readonly weights: Weights;
  /** Of its tensors. */
  readonly infos: ReadonlyMap<string, TensorInfo>;
  readonly mapping: Mapping;
  readonly reading: Reading;
  /** Its name, as messages say it. */
  readonly layout: string;
}

/** What is not simply as in the file. */
export interface Changes {
  /** Whether a parameter begins as zeros and needs no tensor: a new head's. */
  isFresh(name: string): boolean;
  /** How to make a parameter's elements from a tensor's, where they are resized. */
  converted(): ReadonlyMap<string, (values: Float32Array) => Float32Array>;
}

/**
 * Fills a model from a checkpoint, once all of it fits; disposes it where not.
 *
 * @throws TypeError for tensors that are missing, not expected, or not of the right shape; nothing is loaded
 */
export async function fillModel(
  model: Module,
  { weights, infos, mapping, reading, layout }: Source,
  { isFresh, converted: convert }: Changes,
): Promise<void> {
  try {
    const parameters = model.namedParameters();
    const fresh = new Set([...parameters.keys()].filter(isFresh));
    const converted = convert();
    const resized = new Set(converted.keys());
    const unfit = misfits(parameters, mapping, infos, reading, { fresh, resized });
    if (unfit !== undefined) throw misfitError(unfit, { model: model.constructor.name, path: weights.path, layout });
    await fillParameters(weights, parameters, mapping.pieces, converted);
    for (const name of fresh) {
      const parameter = parameters.get(name);
      if (parameter !== undefined) init.zeros(parameter);
    }
  } catch (error) {
    model.dispose();
    throw error;
  }
}
