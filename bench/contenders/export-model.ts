/** Writes a model with random weights for ONNX Runtime: node export-model.js <its sizes, as JSON> <file.onnx>. */
import { buildModel, type WholeSizes } from '../whole-model.js';

const [sizes = '', path = ''] = process.argv.slice(2);
using model = buildModel(JSON.parse(sizes) as WholeSizes); // the runner's own
await model.export(path);
