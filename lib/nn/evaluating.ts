import { noGrad } from '../autograd.js';
import type { Module } from './module.js';

/**
 * @internal Runs `fn` with dropout off and without recording, and leaves every part of the model in the mode it was in.
 * Only while `fn` runs: others may use the model as soon as this returns.
 */
export function evaluating<T>(model: Module, fn: () => T): T {
  const modes = [...model.namedModules().values()].map((part) => [part, part.training] as const);
  model.eval();
  try {
    return noGrad(fn); // refuses what goes on after it returns
  } finally {
    for (const [part, mode] of modes) part.training = mode;
  }
}
