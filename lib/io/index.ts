/** File formats: checkpoints in and out, data sets in. Puts `fromPretrained` and `save` onto `ViT`. */
import './pretrained/pretrained.js';

export { readIdx } from './formats/idx.js';
export { readNpz } from './formats/npz.js';
export { readSafetensors, SafetensorsFile, writeSafetensors } from './formats/safetensors.js';
export type { TensorRecord } from './formats/tensor-record.js';
export { loadLora, saveLora } from './pretrained/lora-files.js';
export { modelMetadata } from './pretrained/model-metadata.js';
export type { Preprocessing } from './pretrained/preprocessing.js';
export type { PretrainedConfig } from './pretrained/pretrained-config.js';
export type { SaveOptions } from './pretrained/save-checkpoint.js';
export { loadSafetensors, readStateDict, saveSafetensors } from './state-dict.js';
