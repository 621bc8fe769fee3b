import { giveModels } from '../../nn/model-classes.js';
import type { SwinOptions } from '../../nn/swin/config.js';
import type { ViTOptions } from '../../nn/vit/config.js';
import type { ViT } from '../../nn/vit/vit.js';
import { type ExportOptions, exportModel } from '../onnx/export-model.js';
import { loadFamily, type PretrainedModel, type PretrainedOptions } from './families.js';
import { knownOrGuessed, type PretrainedConfig, setPretrainedConfig } from './pretrained-config.js';
import { type SaveOptions, saveCheckpoint } from './save-checkpoint.js';

declare module '../../nn/swin/swin.js' {
  /**
   * As of `ViT`; the layouts that `save` knows are timm's, Hugging Face's (a folder) and Microsoft's, whose files hold
   * indices, masks and distances, too.
   */
  interface Swin extends Pick<ViT, 'save' | 'export'> {
    /** What is known of the weights; see `ViT.pretrainedConfig`. */
    get pretrainedConfig(): PretrainedConfig | undefined;
    set pretrainedConfig(config: PretrainedConfig | undefined);
  }
  namespace Swin {
    /**
     * A Swin from a checkpoint of timm, Hugging Face or Microsoft, in evaluation mode; see `ViT.fromPretrained`, which
     * believes files and options in the same order.
     *
     * Tables of relative positions are resized for another `windowSize` as timm does it; of version 2 there are none. Images
     * of another `imgSize` have the same windows.
     *
     * @param options those that the file does not tell, such as `windowSize` of a lone file of version 2
     * @throws TypeError in one sentence for a file that is not sound, or is no Swin's; nothing is loaded
     * @example
     * const model = await nn.Swin.fromPretrained('swin-tiny-patch4-window7-224', { numClasses: 10 });
     */
    function fromPretrained(path: string, options?: SwinOptions): Promise<Swin>;
  }
}

// Put onto classes of models from above, as lib/methods.ts does for tensors: nn knows no files.
declare module '../../nn/vit/vit.js' {
  interface ViT {
    /**
     * What is known of the weights: their layout, how images are prepared, the classes' names. `save` writes it, so set
     * it on a model of your own. Where a checkpoint does not say how images are prepared, reading this is a guess, and
     * says so in a warning.
     */
    get pretrainedConfig(): PretrainedConfig | undefined;
    set pretrainedConfig(config: PretrainedConfig | undefined);
    /**
     * Writes the weights, whole or not at all, and beside them all that `fromPretrained` needs to give the same model:
     * its options, `pretrainedConfig` and versions. Without a layout, a .safetensors file of any model; else as a library
     * lays it out: a .safetensors file for timm and torchvision, and for Hugging Face a folder with `config.json` and
     * `model.safetensors`. The weights are those at the call, though training goes on: of one step, and held in memory
     * until they are written.
     *
     * @throws TypeError when that library has no such model, or the path cannot be written
     * @example
     * await model.save('vit-b16.safetensors', { layout: 'torchvision' });
     */
    save(path: string, options?: SaveOptions): Promise<void>;
    /**
     * Writes the model in evaluation as ONNX (opset 17, float32), whole or not at all: `pixel_values` (N,C,H,W) of any N
     * and the configuration's size to `logits` (N,classes), or without classes to `features`. Weights go by their names in
     * the state dict; the file's metadata has `classes` and `preprocessing` where they are known, as JSON. The weights are
     * those at the call.
     *
     * @throws TypeError for a model with hooks or code of its own, and when the path cannot be written
     * @see https://onnx.ai
     * @example
     * await model.export('model.onnx');
     */
    export(path: string, options?: ExportOptions): Promise<void>;
  }
  namespace ViT {
    /**
     * A model from a checkpoint of timm, torchvision, Hugging Face or Google, in evaluation mode; the layout and the
     * architecture are read off the weights and the config.json beside them.
     *
     * Classes are called as `id2label`, `label_names` or a `classes.json` beside the weights say.
     *
     * What the file says is believed, then the options; what neither tells is assumed, and said in one warning. A file
     * that `save` wrote tells everything.
     *
     * Positions are resized for another `imgSize` as the checkpoint's library does it, and stay as they are where there
     * are as many; `pretrainedConfig` follows. Another `numClasses` gives a head of zeros, to be trained. Weights are read
     * one by one from the file, straight to their place.
     *
     * @param path a .safetensors or .npz file, the index of several, or a folder that has them
     * @param options of images and training as you like (`imgSize`, `numClasses`, `globalPool`, `dynamicImgSize`, rates of
     *   dropout, ...), and of the others those that the file does not tell, such as `numHeads` of a lone file; `imgSize`
     *   tells the grid of a lone file's positions, which is a square otherwise
     * @throws TypeError in one sentence for a file that is not sound, is of another format, or does not fit, and where an
     *   option contradicts it; nothing is loaded
     * @example
     * const model = await ViT.fromPretrained('vit-base-patch16-224', { numClasses: 10, imgSize: 384 });
     */
    function fromPretrained(path: string, options?: ViTOptions): Promise<ViT>;
  }
}

giveModels((model) => {
  Object.assign(model, {
    fromPretrained(path: string, options: PretrainedOptions = {}): Promise<PretrainedModel> {
      return loadFamily(model.name, path, options);
    },
  });
  Object.defineProperty(model.prototype, 'pretrainedConfig', {
    get(this: PretrainedModel): PretrainedConfig | undefined {
      return knownOrGuessed(this);
    },
    set(this: PretrainedModel, config: PretrainedConfig | undefined) {
      setPretrainedConfig(this, config);
    },
    configurable: true,
  });
  Object.assign(model.prototype, {
    save(this: PretrainedModel, path: string, options: SaveOptions = {}): Promise<void> {
      return saveCheckpoint(this, path, options);
    },
    export(this: PretrainedModel, path: string, options: ExportOptions = {}): Promise<void> {
      return exportModel(this, path, options);
    },
  });
});
