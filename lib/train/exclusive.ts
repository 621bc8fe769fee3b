import type { Module } from '../nn/module.js';
import type { Optimizer } from '../optim/optimizer.js';

const inTraining = new WeakSet<object>();

/**
 * Keeps a model and an optimizer, and every parameter of theirs, for one training at a time: another's steps would
 * change the weights between a step's forward and its update.
 *
 * @returns gives them back
 * @throws Error when one of them is in training
 */
export function claim(model: Module, optimizer: Optimizer): () => void {
  const parameters = new Set([...model.parameters(), ...optimizer.parameters]);
  const claimed = [model, optimizer, ...parameters];
  if (claimed.some((part) => inTraining.has(part))) {
    throw new Error(
      'Expected a model and an optimizer that are not in training for fit() but another fit() has not ended that trains them, or a part of them. Await it first.',
    );
  }
  for (const part of claimed) inTraining.add(part);
  return () => {
    for (const part of claimed) inTraining.delete(part);
  };
}
