import type { FeatureExtractor, FeatureOptions } from '../nn/features.js';
import { Module } from '../nn/module.js';
import { runsOwnCode } from '../nn/own-code.js';
import type { Tensor } from '../tensor.js';
import { type CompiledModel, compile } from '../train/compile.js';

/** A model's features as a forward pass. */
class FeaturePass extends Module {
  constructor(
    readonly model: FeatureExtractor,
    readonly options: FeatureOptions,
  ) {
    super();
  }

  forward(images: Tensor): Tensor {
    return this.model.features(images, this.options);
  }
}

/**
 * `model.features` for many batches of one shape: recorded and replayed where the model runs the library's code alone, the
 * same bits, as `compile` does. Dispose it after use; the model is left alone.
 */
export function recordedFeatures(model: FeatureExtractor, options: FeatureOptions): CompiledModel | undefined {
  if (!(model instanceof Module) || !runsOwnCode(model)) return undefined;
  return compile(new FeaturePass(model, options), { capture: true });
}
