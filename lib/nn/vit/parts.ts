import { checkInteger, checkNumber, checkOneOf, checkPair, expected, type Pair } from '../../check.js';

/** The norms of a block. */
export type NormLayer = 'layernorm' | 'rmsnorm';
/** What works on each token alone: two linear layers, or the gated one of Shazeer 2020. */
export type MlpLayer = 'mlp' | 'swiglu';
/** Rotary positions: EVA's count patches and turn neighbouring channels, DINOv3's span -1 to 1 and turn halves. */
export type Rope = 'none' | 'eva' | 'dinov3';
/** Learned scores for how far apart two patches lie: none, a table for each block, or one for all. */
export type RelPosBias = 'none' | 'layers' | 'shared';

/** What the families of vision transformers have that the paper's has not. */
export interface FamilyParts {
  /** Default `'layernorm'`; `qkNorm` is of the same kind. */
  normLayer: NormLayer;
  /** Default `'mlp'`. With `'swiglu'` the first layer makes gates and values in one, and `act` has no part. */
  mlpLayer: MlpLayer;
  /** A norm inside the MLP, before its second layer. Default false. */
  mlpNorm: boolean;
  /** A norm inside attention, before its projection. Default false. */
  attnNorm: boolean;
  /** Whether keys have a bias where queries and values have; without, BEiT's and EVA's. Default true. */
  keyBias: boolean;
  /** Whether the head has a bias; CLIP's projections have none. Default true. */
  headBias: boolean;
  /** Rotary positions in every block's attention, beside those of `posEmbed`. Default `'none'`. */
  rope: Rope;
  /** The longest wavelength's base. Default: 10000 for `'eva'`, 100 for `'dinov3'`. */
  ropeTemperature?: number | undefined;
  /** With `'eva'`, (rows, columns) of the grid that others are scaled to. Default: none, patches are counted as they are. */
  ropeGrid?: Pair | undefined;
  /** With `'eva'`, the temperature of a square grid that register tokens are places of, as ViT-5's. Default: they have none. */
  ropeRegTemperature?: number | undefined;
  /** Learned scores for distances of patches (BEiT). Default `'none'`. */
  relPosBias: RelPosBias;
  /** Whether there is a token that takes the place of patches that are masked; see `forwardFeatures`. Default false. */
  maskToken: boolean;
}

/** @internal */
export const PART_DEFAULTS: FamilyParts = {
  normLayer: 'layernorm',
  mlpLayer: 'mlp',
  mlpNorm: false,
  attnNorm: false,
  keyBias: true,
  headBias: true,
  rope: 'none',
  relPosBias: 'none',
  maskToken: false,
};

/** @internal Those without a default. */
export const OPTIONAL_PARTS = ['ropeTemperature', 'ropeGrid', 'ropeRegTemperature'] as const;

/** What the parts must go with. */
interface Whole extends FamilyParts {
  embedDim: number;
  numHeads: number;
  qkvBias: boolean;
  classToken: boolean;
  distilled: boolean;
  regTokens: number;
  dynamicImgSize: boolean;
  posEmbed: string;
}

/** @internal Throws for a part that is none, or that the others leave no place for. */
export function checkParts(config: Whole): void {
  checkOneOf(config.normLayer, 'ViT normLayer', ['layernorm', 'rmsnorm']);
  checkOneOf(config.mlpLayer, 'ViT mlpLayer', ['mlp', 'swiglu']);
  checkOneOf(config.rope, 'ViT rope', ['none', 'eva', 'dinov3']);
  checkOneOf(config.relPosBias, 'ViT relPosBias', ['none', 'layers', 'shared']);
  if (!config.keyBias && !config.qkvBias) throw expected('qkvBias with keyBias: false', 'ViT', config.qkvBias);
  checkRope(config);
  if (config.relPosBias === 'none') return;
  // A row, a column and a corner of the table are the class token's: BEiT's tables have them.
  if (!config.classToken || config.distilled || config.regTokens > 0) {
    throw expected('one class token and no other', 'a ViT with relPosBias', config.regTokens);
  }
  if (config.dynamicImgSize) throw expected('dynamicImgSize: false', 'a ViT with relPosBias', true);
  if (config.posEmbed === 'relative') {
    throw expected("posEmbed other than 'relative'", 'a ViT with relPosBias', config.posEmbed);
  }
}

function checkRope(config: Whole): void {
  const { rope, ropeTemperature, ropeGrid, ropeRegTemperature, embedDim, numHeads, regTokens } = config;
  if (rope !== 'none' && (embedDim / numHeads) % 4 !== 0) {
    throw expected(`heads of a width that 4 divides with rope: '${rope}'`, 'ViT', embedDim / numHeads);
  }
  if (ropeTemperature !== undefined) {
    checkNumber(ropeTemperature, 'ViT ropeTemperature', Number.MIN_VALUE);
    if (rope === 'none') throw expected('rope with ropeTemperature', 'ViT', rope);
  }
  if (ropeGrid !== undefined) {
    for (const side of checkPair(ropeGrid, 'ViT ropeGrid', 1)) checkInteger(side, 'ViT ropeGrid', 1);
    if (rope !== 'eva') throw expected("rope: 'eva' with ropeGrid", 'ViT', rope);
  }
  if (ropeRegTemperature === undefined) return;
  checkNumber(ropeRegTemperature, 'ViT ropeRegTemperature', Number.MIN_VALUE);
  if (rope !== 'eva') throw expected("rope: 'eva' with ropeRegTemperature", 'ViT', rope);
  if (regTokens === 0 || !Number.isInteger(Math.sqrt(regTokens))) {
    throw expected('a square number of regTokens with ropeRegTemperature', 'ViT', regTokens);
  }
}
