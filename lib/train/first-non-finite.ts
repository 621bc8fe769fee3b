import type { HostBatch } from '../data/loader.js';
import type { HookHandle } from '../nn/hooks.js';
import type { Module } from '../nn/module.js';
import { wide } from '../ops/wide.js';
import type { Optimizer } from '../optim/optimizer.js';
import { autocast, type PrecisionChoice } from '../precision.js';
import { collect, scope, untracked } from '../scope.js';
import { Tensor } from '../tensor.js';
import type { Classifier } from './evaluate.js';
import type { PreparedLoss } from './losses/loss.js';
import { type GradientNorms, gradientNorms } from './non-finite.js';
import { imagesOf, labelsOf } from './training-data.js';

/** A batch that is to be run again. */
export interface Suspect {
  readonly model: Classifier;
  readonly optimizer: Optimizer;
  readonly loss: PreparedLoss;
  readonly precision: PrecisionChoice;
  /** Of one image. */
  readonly shape: readonly number[];
}

/** Where values stop being finite. */
export interface Origin {
  /** A layer's name, where it is one. */
  readonly layer: string | undefined;
  /** In a sentence. */
  readonly text: string;
  readonly gradients: GradientNorms;
}

/** What was computed, in its order, and one element each that is NaN where that was not finite, else 0. */
interface Watched {
  readonly name: string;
  readonly module: Module | undefined;
  readonly probe: Tensor;
}

/**
 * Runs a batch forward and backward again, watching what every layer gives.
 * @see PyTorch's forward hooks, as Lightning's and Hugging Face's debuggers of overflow use them
 */
export async function firstNonFinite(suspect: Suspect, batch: HostBatch): Promise<Origin> {
  const { model, optimizer, loss, precision, shape } = suspect;
  const watched: Watched[] = [];
  const watch = (name: string, value: unknown, module?: Module): void => {
    for (const tensor of tensorsOf(value)) {
      const probe = untracked(() => scope(() => tensor.detach().mul(0).sum()));
      watched.push({ name, module, probe });
    }
  };
  const hooks: HookHandle[] = [];
  try {
    for (const [name, module] of model.namedModules()) {
      const forward = module as Module & { forward?: (...args: unknown[]) => unknown };
      if (typeof forward.forward !== 'function') continue;
      hooks.push(module.registerForwardHook((_, _args, output) => watch(name, output, module)));
    }
    scope(() => {
      optimizer.zeroGrad();
      const images = imagesOf(batch, shape);
      watch('images', images);
      const [logits, ...others] = autocast(precision, () => loss.forward?.(model, images) ?? [model.forward(images)]);
      const value = loss.compute({ logits: wide(logits), others: others.map(wide), labels: labelsOf(batch), images });
      watch('loss', value);
      value.backward();
    });
    const found = await firstOf(watched);
    return { ...describe(found), gradients: await gradientNorms(model, optimizer) };
  } finally {
    for (const hook of hooks) hook.remove();
    for (const { probe } of watched) probe.dispose();
    optimizer.zeroGrad();
  }
}

function tensorsOf(value: unknown): Tensor<'float32'>[] {
  const found = new Set<Tensor>();
  collect(value, (item) => item instanceof Tensor, found);
  return [...found].filter((tensor): tensor is Tensor<'float32'> => tensor.dtype === 'float32');
}

async function firstOf(watched: readonly Watched[]): Promise<Watched | undefined> {
  const values = await Promise.all(watched.map(({ probe }) => probe.item()));
  return watched.find((_, i) => !Number.isFinite(values[i]));
}

function describe(found: Watched | undefined): Pick<Origin, 'layer' | 'text'> {
  if (found === undefined) {
    return {
      layer: undefined,
      text: 'Run again, with other draws of dropout, the batch gave finite values throughout.',
    };
  }
  const { name, module } = found;
  if (module !== undefined) {
    const layer = name === '' ? 'the model itself' : name;
    return {
      layer: name,
      text: `The first layer whose output is not finite is ${layer} (${module.constructor.name}).`,
    };
  }
  const text =
    name === 'images'
      ? 'The images of the batch hold values that are not finite.'
      : 'All layers give finite values, and the loss of them is not.';
  return { layer: undefined, text };
}
