import { checkOptions, type OptionNames } from '../../check-options.js';
import { families, type PretrainedModel, type PretrainedOptions } from './families.js';
import { withCheckpoint } from './open-checkpoint.js';

const known = families.flatMap(({ options }) => options.map((name) => [name, true] as const));
const NAMES = Object.fromEntries(known) as OptionNames<PretrainedOptions>; // of all families

/** Models from checkpoints, whatever they are. */
export const Model = Object.freeze({
  /**
   * The model that a checkpoint is of, in evaluation mode: the family, its library and its sizes are read off the weights
   * and the config.json beside them. `ViT.fromPretrained` does the same for a file that is known to be a ViT.
   *
   * @param path a .safetensors or .npz file, the index of several, or a folder that has them
   * @param options as of `ViT.fromPretrained`
   * @throws TypeError in one sentence for a file that is not sound, or of a model that there is none of here, which it
   *   names; nothing is loaded
   * @see timm's `create_model` and Transformers' `AutoModel.from_pretrained`
   * @example
   * const model = await Model.fromPretrained('dinov2-small');
   * const features = model.forward(images); // (N,384)
   */
  async fromPretrained(path: string, options: PretrainedOptions = {}): Promise<PretrainedModel> {
    checkOptions(options, NAMES, 'Model.fromPretrained'); // before a file is read that may take long
    return withCheckpoint(path, (checkpoint) => {
      const family = families.find(({ recognises }) => recognises(checkpoint.evidence));
      if (family === undefined) throw new Error('The last family takes every checkpoint.');
      return family.load(checkpoint, options);
    });
  },
});
