/** File formats: checkpoints in and out, data sets in. Puts `fromPretrained` and `save` onto `ViT`. */
import './pretrained.js';

export { readIdx } from './idx.js';
export { modelMetadata } from './model-metadata.js';
export { readNpz } from './npz.js';
export type { Preprocessing } from './preprocessing.js';
export type { PretrainedConfig } from './pretrained-config.js';
export { readSafetensors, SafetensorsFile, writeSafetensors } from './safetensors.js';
export type { SaveOptions } from './save-checkpoint.js';
export { loadSafetensors, readStateDict, saveSafetensors } from './state-dict.js';
export type { TensorRecord } from './tensor-record.js';
