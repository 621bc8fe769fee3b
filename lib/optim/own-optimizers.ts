import { Adam } from './adam.js';
import { AdamW } from './adamw.js';
import { Lamb } from './lamb.js';
import { Lion } from './lion.js';
import type { Optimizer } from './optimizer.js';
import { SGD } from './sgd.js';

const own: ReadonlySet<unknown> = new Set([SGD, Adam, AdamW, Lamb, Lion].map(({ prototype }) => prototype));

/** @internal Whether an optimizer is one of the library's, and no subclass: all that its steps go by can be seen. */
export function isOwnOptimizer(optimizer: Optimizer): boolean {
  return own.has(Object.getPrototypeOf(optimizer));
}
