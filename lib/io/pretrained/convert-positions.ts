import { checkPair } from '../../check.js';
import type { Grid } from '../../nn/resample.js';
import { gridOf } from '../../nn/vit/grid.js';
import type { ViT } from '../../nn/vit/vit.js';
import { warnOnce } from '../../warning.js';
import { type BiasResize, resizeBiasTable } from './bias-table.js';
import type { Guess } from './layouts/guess.js';
import { type ResizeMethod, resizePositions } from './position-resize.js';

type Convert = (values: Float32Array) => Float32Array;

/**
 * How to make the positions of the model's grid from those of the checkpoint's, by parameter, where they differ. Tables
 * of the same length stay as they are, as in all the libraries.
 */
export function convertPositions(
  model: ViT,
  { positions: positionResize, scores }: Resizing,
  plan: Guess,
  path: string,
): Map<string, Convert> {
  return new Map([...convertTables(model, positionResize, plan, path), ...convertScores(model, scores, plan)]);
}

/** How a library fits what is learned of places to another grid. */
export interface Resizing {
  /** Positions. */
  readonly positions: ResizeMethod;
  /** Scores for distances. */
  readonly scores: BiasResize;
}

/** The same of BEiT's scores for distances of patches; three rows of a table are the class token's. */
function convertScores(model: ViT, method: BiasResize, { grid, config }: Guess): Map<string, Convert> {
  const to = model.grid;
  const converted = new Map<string, Convert>();
  if (model.config.relPosBias === 'none' || config.imgSize === undefined) return converted;
  const from = grid ?? gridOf(model.config, checkPair(config.imgSize, 'ViT imgSize', 1), 'a checkpoint');
  if (from[0] === to[0] && from[1] === to[1]) return converted;
  for (const name of model.namedParameters().keys()) {
    if (!name.endsWith('relative_position_bias_table')) continue;
    converted.set(name, (values) => resizeBiasTable(values, from, to, { extra: 3, method }));
  }
  return converted;
}

function convertTables(model: ViT, positionResize: ResizeMethod, plan: Guess, path: string): Map<string, Convert> {
  const { grid: from, positionPrefix: prefix } = plan;
  const { grid: to } = model;
  const { posEmbed } = model.config;
  const converted = new Map<string, Convert>();
  if (from === undefined || (from[0] === to[0] && from[1] === to[1])) return converted;
  const inReadingOrder = posEmbed === 'learned1d' || posEmbed === 'relative';
  if (inReadingOrder && from[0] * from[1] === to[0] * to[1]) {
    const grids = `${from.join(' x ')} patches stand for ${to.join(' x ')}`;
    warnOnce(`${path}: positions of ${grids}, in reading order: where there are as many, none are resampled.`);
    return converted;
  }
  for (const [name, parameter] of model.namedParameters()) {
    const axis = /^pos_embeds?(?:\.\d+)?(?:\.([xy]))?$/.exec(name);
    if (axis === null) continue;
    if (posEmbed === 'learned2d') {
      const along = axis[1] === 'y' ? 0 : 1;
      const [before, after] = [from[along], to[along]];
      converted.set(name, (values) => resizePositions(values, 0, [before, 1], [after, 1], positionResize));
    } else if (posEmbed === 'relative') {
      const distances = (grid: Grid): Grid => [2 * (model.numPrefixTokens + grid[0] * grid[1]) - 1, 1];
      converted.set(name, (values) => resizePositions(values, 0, distances(from), distances(to), positionResize));
    } else if (posEmbed === 'learned1d' && parameter.shape[1] === prefix + to[0] * to[1]) {
      // Where it is not just the grid that differs, the shape is wrong.
      converted.set(name, (values) => resizePositions(values, prefix, from, to, positionResize));
    }
  }
  return converted;
}
