import { expected } from '../check.js';
import type { PretrainedModel } from '../io/pretrained/families.js';
import { applyLora, type Lora } from '../nn/lora.js';
import type { ModelSettings } from './train-settings.js';

/**
 * Freezes what of a model is not to be trained; with LoRA, puts adapters beside its layers.
 *
 * @returns the adapters, to be merged at the end
 */
export function chooseTrained(model: PretrainedModel, { freeze, linearProbe, lora }: ModelSettings): Lora | undefined {
  if (lora !== null) {
    const { rank, alpha, targets } = lora;
    return applyLora(model, { rank, alpha, targets: targets.join() === 'all-linear' ? 'all-linear' : targets });
  }
  if (linearProbe) {
    model.freeze('*');
    model.unfreeze(/^head(_dist)?\./);
  }
  if (freeze !== null && model.freeze(freeze).length === 0) {
    throw expected('a pattern that matches names of parameters', '--freeze', freeze, "Such as 'blocks.*'.");
  }
  if (model.parameters().some(({ requiresGrad }) => requiresGrad)) return undefined;
  throw expected('something left to train', '--freeze', freeze, 'To train the head alone, say --linear-probe.');
}
