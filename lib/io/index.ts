/** File formats: checkpoints in and out, data sets in. Puts `fromPretrained` and `save` onto `ViT`. */
import './pretrained/pretrained.js';

export { type IdxArray, readIdx } from './formats/idx.js';
export { readNpz } from './formats/npz.js';
export { readSafetensors, SafetensorsFile, type TensorSource, writeSafetensors } from './formats/safetensors.js';
export type { RecordDtype, TensorInfo, TensorRecord } from './formats/tensor-record.js';
export type { Weights } from './formats/weights.js';
export type { ExportOptions } from './onnx/export-model.js';
export type { PretrainedModel, PretrainedOptions } from './pretrained/families.js';
export type { LayoutName } from './pretrained/layouts/layout-name.js';
export { loadLora, saveLora } from './pretrained/lora-files.js';
export {
  type LoadMaskedAutoencoderOptions,
  loadMaskedAutoencoder,
  type MaskedAutoencoderLayout,
  type SaveMaskedAutoencoderOptions,
  saveMaskedAutoencoder,
} from './pretrained/masked-autoencoder.js';
export { modelMetadata } from './pretrained/model-metadata.js';
export type { Preprocessing } from './pretrained/preprocessing.js';
export type { PretrainedConfig } from './pretrained/pretrained-config.js';
export type { SaveOptions } from './pretrained/save-checkpoint.js';
export { loadSafetensors, readStateDict, saveSafetensors } from './state-dict.js';
