import { listed } from '../check.js';
import type { Module } from '../nn/module.js';
import { gradientNorm } from '../optim/clip.js';
import type { Optimizer } from '../optim/optimizer.js';
import { scope } from '../scope.js';

/** Where a loss came out that is no finite number. */
export interface LossSite {
  /** The value that is not finite. */
  loss: number;
  /** From 0. */
  epoch: number;
  /** In the epoch, from 1. */
  step: number;
  /** Of the step. */
  learningRate: number;
}

/**
 * A loss that is infinite or NaN. The weights, their average and the optimizer are as they were before that step; with
 * them, the batch was run again to find out where it began.
 */
export class NonFiniteLossError extends Error {
  /** `NonFiniteLossError`. */
  override readonly name = 'NonFiniteLossError';

  constructor(
    /** Where it happened. */
    readonly site: LossSite,
    /** Of the batch that was run again. */
    readonly gradients: GradientNorms,
    /** The first layer whose output is not finite, by its name; undefined where none is, or it could not be run again. */
    readonly layer: string | undefined,
    origin: string,
  ) {
    super(`${nonFiniteText(site)} ${origin} ${gradients.text} Try a lower learning rate, warmup or clipGradNorm.`);
  }
}

/** What went wrong, in a sentence. */
export function nonFiniteText({ loss, epoch, step, learningRate }: LossSite): string {
  return `Expected a finite loss but step ${step} of epoch ${epoch + 1}, at learning rate ${learningRate}, gave ${loss}.`;
}

/** The L2 norms of the gradients at hand. */
export interface GradientNorms {
  /** Over all gradients. */
  total: number;
  /** Of each parameter's gradient, by its name in the model. */
  byName: ReadonlyMap<string, number>;
  /** Of each of the optimizer's groups, by its name. */
  byGroup: ReadonlyMap<string, number>;
  /** The same in a sentence. */
  text: string;
}

/** Reads how large a model's gradients are; waits for the steps on their way. */
export async function gradientNorms(model: Module, optimizer: Optimizer): Promise<GradientNorms> {
  const named = [...model.namedParameters()].filter(([, { grad }]) => grad !== null);
  const norms = scope(() => named.map(([, parameter]) => gradientNorm([parameter], 0).norm));
  const reading = Promise.all(norms.map((norm) => norm.item()));
  for (const norm of norms) norm.dispose(); // the reads are enqueued already
  const values = await reading;
  const byName = new Map(named.map(([name], i) => [name, values[i]]));
  const total = Math.hypot(...values);
  const nameOf = new Map(named.map(([name, parameter]) => [parameter, name]));
  const byGroup = new Map(
    optimizer.groups.map(({ name, params }) => [
      name,
      Math.hypot(...params.map((parameter) => byName.get(nameOf.get(parameter) ?? '') ?? 0)),
    ]),
  );
  const groups =
    byGroup.size === 1
      ? ''
      : ` By group: ${listed([...byGroup].map(([name, norm]) => `${name} ${norm.toPrecision(3)}`))}.`;
  return { total, byName, byGroup, text: `${describeNorms(total, byName)}${groups}` };
}

function describeNorms(total: number, byName: ReadonlyMap<string, number>): string {
  if (byName.size === 0) return 'There are no gradients.';
  const bad = [...byName].filter(([, norm]) => !Number.isFinite(norm));
  if (bad.length === 0) {
    const [name, norm] = [...byName].reduce((largest, entry) => (entry[1] > largest[1] ? entry : largest));
    return `The gradient's norm is ${total.toPrecision(3)}, ${norm.toPrecision(3)} of it in ${name}.`;
  }
  const some = bad.slice(0, 3).map(([name, norm]) => `${name} ${norm}`);
  const more = bad.length > some.length ? ', ...' : '';
  return `The gradient's norm is ${total}: ${bad.length} of ${byName.size} parameters' are not finite (${some.join(', ')}${more}).`;
}
