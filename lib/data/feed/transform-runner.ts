import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkInteger, expected } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import type { RawImage } from '../sets/sample.js';
import {
  checkTransformed,
  type Transform,
  type TransformContext,
  type TransformRunner,
  transformError,
} from './transform.js';
import { TransformPool } from './transform-pool.js';

/** A module whose default export is a `Transform`, to be run by threads of their own. */
export interface TransformWorkers {
  /** Where the module is. */
  worker: URL | string;
  /** Threads. Default 1. */
  count?: number;
}

const NAMES: OptionNames<TransformWorkers> = { worker: true, count: true };

/** @internal Throws for what is no transform. */
export function transformRunner(transform: unknown, where: string): TransformRunner {
  if (typeof transform === 'function') return new InlineTransform(transform as Transform); // its results are checked
  const what = 'a function, or { worker } with the URL or the path of a module,';
  if (typeof transform !== 'object' || transform === null) throw expected(what, where, transform);
  checkOptions(transform as TransformWorkers, NAMES, where);
  const { worker, count } = transform as Partial<TransformWorkers>;
  const isPath = typeof worker === 'string' && worker !== '';
  const module = isPath ? pathToFileURL(resolve(worker)) : worker;
  if (!(module instanceof URL)) throw expected(what, where, worker === undefined ? transform : worker);
  if (module.protocol !== 'file:') throw expected('a module on this machine', `${where} worker`, module.href);
  return new TransformPool(module, checkInteger(count ?? 1, `${where} count`, 1, 64));
}

/** Runs where the loader does. */
class InlineTransform implements TransformRunner {
  constructor(readonly transform: Transform) {}

  async run(image: RawImage, context: TransformContext, where: string): Promise<RawImage> {
    let made: RawImage;
    try {
      made = await this.transform(image, context);
    } catch (cause) {
      throw transformError(cause, where);
    }
    return checkTransformed(made, where);
  }

  async end(): Promise<void> {}
}
