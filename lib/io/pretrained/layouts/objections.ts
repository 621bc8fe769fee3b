import { checkPair } from '../../../check.js';
import type { ViTConfig } from '../../../nn/vit/config.js';
import { featureSize } from '../../../nn/vit/resnet-stem.js';
import { wholeRatio } from './hf/config.js';

/** The layouts that can be written. */
export const savedLayouts = ['vitrine', 'timm', 'torchvision', 'hf', 'openai', 'meta'] as const;
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

// What the paper's model has of the families' parts: none.
const noParts = {
  normLayer: ({ normLayer }) => normLayer === 'layernorm',
  mlpLayer: ({ mlpLayer }) => mlpLayer === 'mlp',
  mlpNorm: ({ mlpNorm }) => !mlpNorm,
  attnNorm: ({ attnNorm }) => !attnNorm,
  keyBias: ({ keyBias }) => keyBias,
  headBias: ({ headBias, numClasses }) => headBias || numClasses === 0,
  rope: ({ rope }) => rope === 'none',
  ropeTemperature: true, // with rope alone, as are the next two
  ropeGrid: true,
  ropeRegTemperature: true,
  relPosBias: ({ relPosBias }) => relPosBias === 'none',
  maskToken: ({ maskToken }) => !maskToken,
} satisfies Partial<Table>;

const oneActivation = ({ act, mlpLayer }: Config): boolean => act === 'gelu' || mlpLayer === 'swiglu';

/** `VisionTransformer` and, distilled, `VisionTransformerDistilled` of timm 1.0, with some arguments or other. */
const timm: Table = {
  ...anyTraining,
  ...anySizes,
  ...noParts,
  normLayer: true,
  mlpLayer: true,
  mlpNorm: ({ mlpNorm, mlpLayer }) => !(mlpNorm && mlpLayer === 'swiglu'),
  attnNorm: true,
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
  globalPool: ({ globalPool }) => globalPool !== 'tokenavg',
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
  ...noParts,
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

/** What the classes of later libraries have in common. */
const later = {
  ...plain,
  imgSize: holdsWholePatches,
  patchSize: true,
  inChans: true,
  numClasses: true,
  qkvBias: true,
  regTokens: ({ regTokens }) => regTokens === 0,
  normEps: true,
  act: true,
  distilled: ({ distilled }) => !distilled,
  representationSize: ({ representationSize }) => representationSize === undefined,
} satisfies Table;

/** `ViTForImageClassification`, `DeiTForImageClassification(WithTeacher)`, and the models without their heads. */
const huggingFace: Table = {
  ...later,
  // One register token is what an undistilled DeiT's second token is.
  regTokens: ({ regTokens, distilled }) => regTokens === 0 || (regTokens === 1 && !distilled),
  act: ({ act }) => act !== 'silu' && act !== 'quick_gelu',
  distilled: true,
};

const withoutHead = ({ numClasses }: Config): boolean => numClasses === 0;
const scaled = ({ initValues }: Config): boolean => initValues !== undefined;

/** timm's `Eva`: EVA, EVA-02, DINOv3. */
const timmEva: Table = {
  ...later,
  classToken: true,
  globalPool: ({ globalPool }) => globalPool !== 'tokenavg',
  fcNorm: true,
  finalNorm: true,
  preNorm: true,
  initValues: true,
  noEmbedClass: true,
  regTokens: true,
  normLayer: true,
  mlpLayer: true,
  mlpNorm: true,
  attnNorm: true,
  keyBias: ({ keyBias, qkvBias }) => !keyBias || !qkvBias,
  act: oneActivation,
  rope: true,
  ropeRegTemperature: ({ ropeRegTemperature }) => ropeRegTemperature === undefined,
  posEmbed: ({ posEmbed }) => posEmbed === 'learned1d' || posEmbed === 'none',
};

/** timm's `Beit`. */
const timmBeit: Table = {
  ...later,
  globalPool: ({ globalPool }) => globalPool === 'avg' || globalPool === 'token',
  fcNorm: ({ globalPool, fcNorm }) => (fcNorm ?? globalPool === 'avg') === (globalPool === 'avg'),
  initValues: true,
  mlpLayer: true,
  mlpNorm: true,
  keyBias: timmEva.keyBias,
  act: oneActivation,
  relPosBias: true,
  posEmbed: timmEva.posEmbed,
};

/** `Dinov2Model`, `Dinov2WithRegistersModel` and their classifiers. */
const dinov2: Table = {
  ...later,
  globalPool: ({ globalPool, numClasses }) => globalPool === (numClasses > 0 ? 'tokenavg' : 'token'),
  initValues: scaled,
  regTokens: true,
  // Its class token has a position, which with registers is a part of the token.
  noEmbedClass: ({ noEmbedClass, regTokens }) => noEmbedClass === regTokens > 0,
  mlpLayer: true,
  mlpRatio: (config) => wholeRatio(config) !== undefined,
  maskToken: ({ maskToken }) => maskToken,
  act: oneActivation,
};

/** `CLIPVisionModel` and `CLIPVisionModelWithProjection`, and OpenAI's tower. */
const clip: Table = {
  ...later,
  preNorm: ({ preNorm }) => preNorm,
  headBias: ({ headBias, numClasses }) => !headBias || numClasses === 0,
  qkvBias: ({ qkvBias }) => qkvBias,
  imgSize: (config) => isSquare(config.imgSize) && holdsWholePatches(config),
  patchSize: ({ patchSize }) => isSquare(patchSize),
};

/** `SiglipVisionModel`. */
const siglip: Table = {
  ...clip,
  preNorm: ({ preNorm }) => !preNorm,
  classToken: ({ classToken }) => !classToken,
  globalPool: ({ globalPool }) => globalPool === 'map',
  numClasses: withoutHead,
  headBias: noParts.headBias,
};

/** `DINOv3ViTModel`. */
const dinov3: Table = {
  ...later,
  numClasses: withoutHead,
  initValues: scaled,
  regTokens: true,
  mlpLayer: true,
  keyBias: timmEva.keyBias,
  rope: ({ rope }) => rope === 'dinov3',
  posEmbed: ({ posEmbed }) => posEmbed === 'none',
  maskToken: ({ maskToken }) => maskToken,
  act: oneActivation,
};

/** `BeitModel` and `BeitForImageClassification`. */
const beit: Table = {
  ...later,
  globalPool: ({ globalPool }) => globalPool === 'avg',
  fcNorm: ({ fcNorm }) => fcNorm !== false,
  qkvBias: ({ qkvBias }) => qkvBias,
  keyBias: ({ keyBias }) => !keyBias,
  initValues: scaled,
  relPosBias: ({ relPosBias }) => relPosBias !== 'none',
  posEmbed: timmEva.posEmbed,
  maskToken: true,
};

/** The classes that each layout can be read as, as `objections` and `writers.ts` name them. */
export const tables = {
  timm: { vit: timm, eva: timmEva, beit: timmBeit },
  torchvision: { vit: torchvision },
  hf: { vit: huggingFace, dinov2, clip, siglip, dinov3, beit },
  openai: { clip: { ...clip, act: true, initValues: true } },
  meta: {
    dinov2: {
      ...dinov2,
      mlpRatio: true,
      globalPool: ({ globalPool }: Config) => globalPool === 'token',
      numClasses: withoutHead,
    },
    dinov3: {
      ...dinov3,
      globalPool: ({ globalPool }: Config) => globalPool === 'token',
      regTokens: ({ regTokens }: Config) => regTokens > 0,
      normEps: ({ normEps }: Config) => normEps === 1e-5,
      ropeTemperature: ({ ropeTemperature = 100 }: Config) => ropeTemperature === 100,
    },
  },
} as const satisfies Record<Exclude<SavedLayout, 'vitrine'>, Record<string, Table>>;

/** What a model has that a library's own has not, as options say it; empty when its weights fit there. */
export function objections(config: Config, layout: SavedLayout): string[] {
  return layout === 'vitrine' ? [] : classFor(config, layout).against;
}

/** The class of a library that a model is nearest to, and what keeps it from being one. */
export function classFor(
  config: Config,
  layout: Exclude<SavedLayout, 'vitrine'>,
): { readonly name: string; readonly against: string[] } {
  const all = Object.entries(tables[layout] as Record<string, Table>).map(([name, table]) => {
    const against = (Object.entries(table) as [keyof ViTConfig, Table[keyof ViTConfig]][])
      .filter(([, has]) => has !== true && !has(config))
      .map(([option]) => `${option}: ${JSON.stringify(config[option])}`);
    return { name, against };
  });
  return all.reduce((best, one) => (one.against.length < best.against.length ? one : best));
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
