import { loadModel, type PretrainedModel, type PretrainedOptions } from './families.js';

/** Models from checkpoints, whatever they are. */
export const Model = Object.freeze({
  /**
   * The model that a checkpoint is of, in evaluation mode: the family, its library and its sizes are read off the weights
   * and the config.json beside them. `ViT.fromPretrained` and `nn.Swin.fromPretrained` do the same for a
   * file that is known to be one; `instanceof` tells what it was.
   *
   * @param path a .safetensors or .npz file, the index of several, or a folder that has them
   * @param options as of `ViT.fromPretrained` or `Swin.fromPretrained`
   * @throws TypeError in one sentence for a file that is not sound, or of a model that there is none of here, which it
   *   names; nothing is loaded
   * @see timm's `create_model` and Transformers' `AutoModel.from_pretrained`
   * @example
   * const model = await Model.fromPretrained('dinov2-small');
   * const features = model.forward(images); // (N,384)
   */
  fromPretrained(path: string, options: PretrainedOptions = {}): Promise<PretrainedModel> {
    return loadModel(path, options);
  },
});
