import { checkBoolean, checkInteger } from '../check.js';

/** How many of a model's blocks, from the first, are computed again in backward: all, none, or so many. */
export function checkpointedBlocks(on: boolean | number, blocks: number): number {
  if (typeof on === 'number') return checkInteger(on, 'setGradCheckpointing', 0, blocks);
  return checkBoolean(on, 'setGradCheckpointing') ? blocks : 0;
}
