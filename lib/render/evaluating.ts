import { noGrad } from '../autograd.js';
import type { Module } from '../nn/module.js';

/** Runs `fn` with dropout off and without recording, and leaves the model as it was. */
export function evaluating<T>(model: Module, fn: () => T): T {
  const { training } = model;
  model.eval();
  try {
    return noGrad(fn); // refuses what goes on after it returns
  } finally {
    model.train(training);
  }
}
