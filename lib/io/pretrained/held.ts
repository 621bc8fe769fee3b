import type { ViTConfig } from '../../nn/vit/config.js';
import { fileError } from '../formats/file-error.js';
import type { TensorInfo } from '../formats/tensor-record.js';

// What a file lacks is listed by name, and needs the model built: of a file that is cut short, or of another model.
const excess = 4;
const always = 10_000_000;

type Infos = ReadonlyMap<string, TensorInfo>;

/**
 * Throws where a model would have many times the parameters that its file holds elements: names cost nothing, and
 * shapes with a 0 in them may say any number beside it. Called before anything is allocated.
 */
export function checkHeld(config: Partial<ViTConfig>, infos: Infos, path: string): void {
  const { embedDim = 0, depth = 0, mlpRatio = 4, numClasses = 0, regTokens = 0, representationSize = 0 } = config;
  const perToken = regTokens + numClasses + representationSize;
  checkHeldParameters(depth * (4 + 2 * mlpRatio) * embedDim ** 2 + perToken * embedDim, infos, path);
}

/** The same, of a model of so many parameters. */
export function checkHeldParameters(parameters: number, infos: Infos, path: string): void {
  let held = 0;
  for (const { shape } of infos.values()) held += shape.reduce((product, size) => product * size, 1);
  if (parameters <= excess * held + always) return;
  const received = `${held} of the some ${Math.round(parameters)} of the model that its names and shapes tell of`;
  throw fileError('the parameters of a model', path, received, 'The file is damaged, or made to fill the memory.');
}
