import { checkPair } from '../../../check.js';
import type { ViTConfig } from '../../../nn/vit/config.js';
import { featureSize } from '../../../nn/vit/resnet-stem.js';

/** The layouts that can be written. */
export const savedLayouts = ['vitrine', 'timm', 'torchvision', 'hf'] as const;
export type SavedLayout = (typeof savedLayouts)[number];

type Config = Readonly<ViTConfig>;

/** Whether a library has models in which an option is so; true where it has them, however it is. */
type Table = { readonly [Name in keyof Required<ViTConfig>]: true | ((config: Config) => boolean) };

// What no weight and no result depends on: rates of dropout, how weights were drawn, which route patches take.
const anyTraining = {
  dropRate: true,
  posDropRate: true,
  projDropRate: true,
  attnDropRate: true,
  dropPathRate: true,
  weightInit: true,
  patchEmbed: true,
} as const;

// What all have; images of other sizes than the model's own are the caller's business in each of them.
const anySizes = {
  embedDim: true,
  depth: true,
  numHeads: true,
  mlpRatio: true,
  dynamicImgSize: true,
  dynamicImgPad: true,
} as const;

/** `VisionTransformer` and, distilled, `VisionTransformerDistilled` of timm 1.0, with some arguments or other. */
const timm: Table = {
  ...anyTraining,
  ...anySizes,
  // Its table of positions is for whole patches, padded or not.
  imgSize: (config) => config.posEmbed === 'none' || holdsWholePatches(config),
  patchSize: true,
  inChans: true,
  numClasses: true,
  qkvBias: true,
  qkNorm: true,
  projBias: true,
  initValues: true,
  classToken: true,
  globalPool: true,
  // Its distilled model has positions for its two tokens in any case, no others, and no norm after pooling.
  noEmbedClass: ({ distilled, noEmbedClass }) => !(distilled && noEmbedClass),
  regTokens: ({ distilled, regTokens }) => !(distilled && regTokens > 0),
  fcNorm: ({ distilled, fcNorm }) => !(distilled && fcNorm === true),
  posEmbed: ({ posEmbed, distilled }) => posEmbed === 'learned1d' || (posEmbed === 'none' && !distilled),
  posEmbedPlacement: ({ posEmbed, posEmbedPlacement }) => posEmbed === 'none' || posEmbedPlacement === 'stem',
  preNorm: true,
  finalNorm: true,
  normEps: true,
  act: true,
  distilled: true,
  representationSize: ({ representationSize }) => representationSize === undefined,
  resnetLayers: true,
};

/** What torchvision and Transformers have in common: the paper's own model. */
const plain = {
  ...anyTraining,
  ...anySizes,
  posEmbed: ({ posEmbed }) => posEmbed === 'learned1d',
  posEmbedPlacement: ({ posEmbedPlacement }) => posEmbedPlacement === 'stem',
  classToken: ({ classToken }) => classToken,
  globalPool: ({ globalPool }) => globalPool === 'token',
  noEmbedClass: ({ noEmbedClass }) => !noEmbedClass,
  qkNorm: ({ qkNorm }) => !qkNorm,
  projBias: ({ projBias }) => projBias,
  initValues: ({ initValues }) => initValues === undefined,
  preNorm: ({ preNorm }) => !preNorm,
  finalNorm: ({ finalNorm }) => finalNorm,
  fcNorm: ({ fcNorm }) => fcNorm !== true,
  resnetLayers: ({ resnetLayers }) => resnetLayers === undefined,
} satisfies Partial<Table>;

/** `torchvision.models.VisionTransformer`, whose file tells nothing that its models do not all have. */
const torchvision: Table = {
  ...plain,
  imgSize: (config) => isSquare(config.imgSize) && holdsWholePatches(config),
  patchSize: ({ patchSize }) => isSquare(patchSize),
  inChans: ({ inChans }) => inChans === 3,
  numClasses: ({ numClasses }) => numClasses > 0,
  qkvBias: ({ qkvBias }) => qkvBias,
  regTokens: ({ regTokens }) => regTokens === 0,
  normEps: ({ normEps }) => normEps === 1e-6,
  act: ({ act }) => act === 'gelu',
  distilled: ({ distilled }) => !distilled,
  representationSize: true,
};

/** `ViTForImageClassification`, `DeiTForImageClassification(WithTeacher)`, and the models without their heads. */
const huggingFace: Table = {
  ...plain,
  imgSize: holdsWholePatches,
  patchSize: true,
  inChans: true,
  numClasses: true,
  qkvBias: true,
  // One register token is what an undistilled DeiT's second token is.
  regTokens: ({ regTokens, distilled }) => regTokens === 0 || (regTokens === 1 && !distilled),
  normEps: true,
  act: true,
  distilled: true,
  representationSize: ({ representationSize }) => representationSize === undefined,
};

const tables = { timm, torchvision, hf: huggingFace } as const;

/** What a model has that a library's own has not, as options say it; empty when its weights fit there. */
export function objections(config: Config, layout: SavedLayout): string[] {
  if (layout === 'vitrine') return [];
  return (Object.entries(tables[layout]) as [keyof ViTConfig, Table[keyof ViTConfig]][])
    .filter(([, has]) => has !== true && !has(config))
    .map(([option]) => `${option}: ${JSON.stringify(config[option])}`);
}

function isSquare(size: ViTConfig['imgSize']): boolean {
  return typeof size === 'number' || size[0] === size[1];
}

/** Whether the image, or what a stem makes of it, is cut into patches without padding. */
function holdsWholePatches({ imgSize, patchSize, resnetLayers }: Config): boolean {
  const image = checkPair(imgSize, 'ViT imgSize', 1);
  const size = resnetLayers === undefined ? image : featureSize(image, resnetLayers.length);
  const patch = checkPair(patchSize, 'ViT patchSize', 1);
  return size[0] % patch[0] === 0 && size[1] % patch[1] === 0;
}
