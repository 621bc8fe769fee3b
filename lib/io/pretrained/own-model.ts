import { checkPair } from '../../check.js';
import type { ViTConfig } from '../../nn/vit/config.js';
import { gridOf } from '../../nn/vit/grid.js';
import { fileError } from '../formats/file-error.js';
import type { Architecture, Shapes } from './layouts/architecture.js';
import type { Guess } from './layouts/guess.js';
import { contradiction, optionText } from './own-config.js';

// Sines that are computed for images whose size no tensor confirms: of 1 GiB.
const mostSines = 2 ** 28;

/**
 * The model that a file of ours describes, once the shapes of its weights have confirmed every size; nothing is built
 * before, so that a file cannot ask for more than it holds.
 *
 * @throws TypeError, one sentence, where the two contradict each other
 */
export function describedModel(config: ViTConfig, architecture: Architecture, shapes: Shapes, where: string): Guess {
  const facts = { ...architecture.config };
  if (config.posEmbed === 'relative') delete facts.posEmbed; // with one head, its keys look like positions
  const found = contradiction(explicit(config), facts);
  if (found !== undefined) {
    const { name, said, known } = found;
    throw contradicts(optionText(name, known), where, optionText(name, said));
  }
  const grid = gridOf(config, checkPair(config.imgSize, 'ViT imgSize', 1), where);
  const positionPrefix = config.noEmbedClass ? 0 : architecture.prefix;
  checkPositions(config, { ...architecture, grid, positionPrefix }, shapes, where);
  return { config, grid, positionPrefix, assumed: {} };
}

/** Every option, those left out as they are then: the place of the final norm follows from the pooling. */
export function explicit(config: ViTConfig): ViTConfig {
  const fcNorm = config.fcNorm ?? ['avg', 'avgmax', 'max'].includes(config.globalPool);
  return { initValues: undefined, representationSize: undefined, resnetLayers: undefined, ...config, fcNorm };
}

function contradicts(weights: string, where: string, said: string): Error {
  const advice = 'What the file says of its model and its weights contradict each other: save it again.';
  return fileError(`${weights}, which the weights are of`, where, said, advice);
}

interface Places extends Architecture {
  readonly grid: readonly [number, number];
  readonly positionPrefix: number;
}

/** The image size decides how many positions there are. */
function checkPositions(config: ViTConfig, places: Places, shapes: Shapes, where: string): void {
  const { grid, prefix, positionPrefix, positions } = places;
  const patches = grid[0] * grid[1];
  const said = optionText('imgSize', config.imgSize);
  const table = shapes.get('pos_embed') ?? shapes.get('pos_embeds.0');
  if (config.posEmbed === 'learned1d' && positions !== positionPrefix + patches) {
    throw contradicts(`an imgSize of ${Number(positions ?? 0)} positions`, where, said);
  }
  if (config.posEmbed === 'learned2d' && String(positions) !== String(grid)) {
    throw contradicts(`an imgSize of ${String(positions).replace(',', ' x ')} patches`, where, said);
  }
  if (config.posEmbed === 'relative' && table?.[0] !== 2 * (prefix + patches) - 1) {
    throw contradicts(`an imgSize of ${table?.[0] ?? 'no'} distances`, where, said);
  }
  if (config.posEmbed === 'sincos2d' && !(patches * config.embedDim <= mostSines)) {
    throw fileError('an imgSize of at most 1 GiB of positions', where, said);
  }
}
