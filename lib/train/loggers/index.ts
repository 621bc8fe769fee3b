/** What writes down how a training goes, as callbacks. */
export { JsonLines } from './json-lines.js';
export { TensorBoard, type TensorBoardOptions } from './tensorboard.js';
