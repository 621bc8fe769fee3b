import { ViT } from '../nn/vit.js';
import type { ViTOptions } from '../nn/vit-config.js';
import { loadPretrained, type PretrainedConfig } from './load-pretrained.js';
import { type SaveOptions, saveCheckpoint } from './save-checkpoint.js';

// Put onto ViT from above, as lib/methods.ts does for tensors: nn knows no files.
declare module '../nn/vit.js' {
  interface ViT {
    /** What `fromPretrained` knows of the weights: their layout, how images are prepared, the classes' names. */
    pretrainedConfig?: PretrainedConfig;
    /**
     * Writes the weights, whole or not at all, as a library lays them out: a .safetensors file for timm and
     * torchvision, and for Hugging Face a folder with `config.json` and `model.safetensors`.
     *
     * @throws TypeError when that library has no such model, or the path cannot be written
     * @example
     * await model.save('vit-b16.safetensors', { layout: 'torchvision' });
     */
    save(path: string, options?: SaveOptions): Promise<void>;
  }
  namespace ViT {
    /**
     * A model from a checkpoint of timm, torchvision, Hugging Face or Google, in evaluation mode; the layout and the
     * architecture are read off the weights and the config.json beside them.
     *
     * Positions are resized for another `imgSize` as the checkpoint's library does it; another `numClasses` gives a
     * head of zeros, to be trained. Weights are read one by one from the file, straight to their place.
     *
     * @param path a .safetensors or .npz file, the index of several, or a folder that has them
     * @param options any of the model's; `numHeads` where a lone file's heads are not 64 wide
     * @throws TypeError in one sentence for a file that is not sound, is of another format, or does not fit: every
     *   missing, unexpected or misshapen tensor is listed, and nothing is loaded
     * @example
     * const model = await ViT.fromPretrained('vit-base-patch16-224', { numClasses: 10, imgSize: 384 });
     */
    function fromPretrained(path: string, options?: ViTOptions): Promise<ViT>;
  }
}

async function fromPretrained(path: string, options: ViTOptions = {}): Promise<ViT> {
  const { model, pretrainedConfig } = await loadPretrained(path, options);
  model.pretrainedConfig = pretrainedConfig;
  return model;
}

Object.assign(ViT, { fromPretrained });
Object.assign(ViT.prototype, {
  save(this: ViT, path: string, options: SaveOptions = {}): Promise<void> {
    return saveCheckpoint(this, path, options);
  },
});
