/** File formats: checkpoints in and out, data sets in. */
export { readIdx } from './idx.js';
export { readNpz } from './npz.js';
export { readSafetensors, SafetensorsFile, writeSafetensors } from './safetensors.js';
export { loadSafetensors, saveSafetensors } from './state-dict.js';
export type { TensorRecord } from './tensor-record.js';
