import { expected } from '../check.js';
import type { TrainFlags } from './train-settings.js';
import { UsageError } from './usage-error.js';

export const OPTIMIZERS = ['sgd', 'adam', 'adamw', 'lamb', 'lion'] as const;

export type OptimizerName = (typeof OPTIMIZERS)[number];

/** Throws for momentum beside an optimizer that has none to set, whether a flag or the recipe chose it. */
export function checkMomentum({ momentum }: Pick<TrainFlags, 'momentum'>, optimizer: OptimizerName): void {
  if (momentum === undefined || optimizer === 'sgd') return;
  const advice = 'The others have no momentum to set.';
  throw new UsageError(expected('--opt sgd', '--momentum', optimizer, advice));
}
