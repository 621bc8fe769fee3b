import type { ViTConfig } from '../../nn/vit-config.js';

/** The layouts that can be written. */
export const savedLayouts = ['vitrine', 'timm', 'torchvision', 'hf'] as const;
export type SavedLayout = (typeof savedLayouts)[number];

type Config = Readonly<ViTConfig>;

/** What a model has that a library's own has not, as options say it; empty when its weights fit there. */
export function objections(config: Config, layout: SavedLayout): string[] {
  if (layout === 'vitrine') return [];
  const against: string[] = [];
  const demand = (holds: boolean, ...options: (keyof ViTConfig)[]): void => {
    if (!holds) against.push(...options.map((option) => `${option}: ${JSON.stringify(config[option])}`));
  };
  demand(config.representationSize === undefined || layout === 'torchvision', 'representationSize');
  if (layout === 'timm') {
    demand(config.posEmbed === 'learned1d' || config.posEmbed === 'none', 'posEmbed');
    demand(config.posEmbed === 'none' || config.posEmbedPlacement === 'stem', 'posEmbedPlacement');
    return against;
  }
  demand(config.posEmbed === 'learned1d', 'posEmbed');
  demand(config.posEmbedPlacement === 'stem', 'posEmbedPlacement');
  demand(config.classToken, 'classToken');
  demand(config.globalPool === 'token', 'globalPool');
  demand(!config.noEmbedClass, 'noEmbedClass');
  demand(!config.qkNorm, 'qkNorm');
  demand(config.projBias, 'projBias');
  demand(config.initValues === undefined, 'initValues');
  demand(!config.preNorm, 'preNorm');
  demand(config.finalNorm && config.fcNorm !== true, 'finalNorm', 'fcNorm');
  demand(config.resnetLayers === undefined, 'resnetLayers');
  demand(isSquare(config.imgSize) || layout === 'hf', 'imgSize');
  demand(isSquare(config.patchSize) || layout === 'hf', 'patchSize');
  if (layout === 'hf') {
    // One register token is what an undistilled DeiT's second token is.
    demand(config.regTokens === 0 || (config.regTokens === 1 && !config.distilled), 'regTokens');
    return against;
  }
  demand(!config.distilled, 'distilled');
  demand(config.regTokens === 0, 'regTokens');
  demand(config.qkvBias, 'qkvBias');
  demand(config.act === 'gelu', 'act');
  demand(config.inChans === 3, 'inChans');
  demand(config.numClasses > 0, 'numClasses');
  return against;
}

function isSquare(size: ViTConfig['imgSize']): boolean {
  return typeof size === 'number' || size[0] === size[1];
}
