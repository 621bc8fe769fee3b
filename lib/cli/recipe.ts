/** The sizes of a ViT that is trained from scratch. */
export interface ModelSizes {
  readonly patch: number;
  readonly dim: number;
  readonly depth: number;
  readonly heads: number;
  readonly mlpRatio: number;
}

/** What `vitrine train` does where nobody says otherwise. */
export interface Recipe {
  readonly imgSize: number | null;
  readonly sizes: ModelSizes;
  readonly epochs: number;
  readonly batch: number;
  /** Share of all steps in which the learning rate rises. */
  readonly warmup: number;
  readonly clip: number;
  readonly labelSmoothing: number;
  readonly dropPath: number;
  /** The least share of a photograph's area that training cuts out. */
  readonly leastScale: number;
  /** How often a rectangle of it is erased. */
  readonly reprob: number;
  readonly layerDecay: number | null;
  readonly optimizer: 'sgd' | 'adamw';
  readonly optimizers: Readonly<
    Record<'sgd' | 'adam' | 'adamw' | 'lamb' | 'lion', { readonly lr: number; readonly weightDecay: number }>
  >;
}

// Rates of timm's recipes, scaled to batches of 64: AdamW and Lamb as in its ViT recipes, Lion a tenth of AdamW's with ten
// times its decay (Chen et al. 2023, section 5).
const SCRATCH = {
  sgd: { lr: 0.1, weightDecay: 0 },
  adam: { lr: 1e-3, weightDecay: 0 },
  adamw: { lr: 1e-3, weightDecay: 0.05 },
  lamb: { lr: 5e-3, weightDecay: 0.02 },
  lion: { lr: 1e-4, weightDecay: 0.5 },
};
const FINE_TUNING = {
  sgd: { lr: 0.01, weightDecay: 0 },
  adam: { lr: 1e-4, weightDecay: 0 },
  adamw: { lr: 5e-4, weightDecay: 0.05 },
  lamb: { lr: 2e-3, weightDecay: 0.02 },
  lion: { lr: 5e-5, weightDecay: 0.5 },
};

// What is new is trained faster than what was trained before: the PEFT examples' rates for ViTs, at these batches.
const NEW_PARTS = {
  ...FINE_TUNING,
  adam: { lr: 1e-3, weightDecay: 0 },
  adamw: { lr: 1e-3, weightDecay: 0.01 },
};

// The recipe of the digits preset; it does well on other small images of few strokes, too.
const SMALL_IMAGES: Recipe = {
  imgSize: null,
  sizes: { patch: 4, dim: 64, depth: 4, heads: 4, mlpRatio: 4 },
  epochs: 60,
  batch: 64,
  warmup: 0.05,
  clip: 1,
  labelSmoothing: 0,
  dropPath: 0,
  leastScale: 1,
  reprob: 0,
  layerDecay: null,
  optimizer: 'sgd',
  optimizers: SCRATCH,
};

/** What of a checkpoint is trained. */
export type Tuned = 'all' | 'adapters' | 'head';

// Of small images more must be left: what is cut out is enlarged. Larger ones as in He et al. 2022 (MAE, table 9).
const LEAST_SCALE_SMALL = 0.5;
const LEAST_SCALE = 0.2;

/**
 * Sensible defaults: for images that stay as they are the digits' recipe; for photographs a ViT whose patches and width
 * go by their size, trained with AdamW; for a pretrained model timm's fine-tuning with decay by layer (BEiT).
 *
 * @param side typical of the photographs, in pixels; null for images that stay as they are
 * @param imgSize asked for
 * @param tuned what of a checkpoint is trained; null from scratch
 */
export function recipeFor({
  side,
  imgSize,
  tuned,
}: {
  side: number | null;
  imgSize: number | undefined;
  tuned: Tuned | null;
}): Recipe {
  if (tuned !== null) {
    const size = side === null ? null : (imgSize ?? null); // the checkpoint's own where nobody asks
    return {
      ...SMALL_IMAGES,
      imgSize: size,
      epochs: 10,
      batch: 32,
      warmup: 0.1,
      labelSmoothing: 0.1,
      leastScale: LEAST_SCALE,
      layerDecay: tuned === 'all' ? 0.75 : null,
      optimizer: 'adamw',
      optimizers: tuned === 'all' ? FINE_TUNING : NEW_PARTS,
    };
  }
  if (side === null) return SMALL_IMAGES;
  const size = imgSize ?? sizeFor(side);
  return {
    ...SMALL_IMAGES,
    imgSize: size,
    sizes: sizesFor(size),
    epochs: 40,
    labelSmoothing: 0.1,
    dropPath: 0.1,
    leastScale: size <= 64 ? LEAST_SCALE_SMALL : LEAST_SCALE,
    reprob: 0.1,
    optimizer: 'adamw',
  };
}

// Larger photographs show a model from scratch little more, and cost by the square.
const LARGEST = 224;

/** What photographs with this shorter side are brought to: no larger than they are, and a whole number of patches. */
function sizeFor(side: number): number {
  const patch = patchFor(side);
  return Math.max(2 * patch, Math.floor(Math.min(side, LARGEST) / patch) * patch);
}

/** Patches that make 64 to 200 tokens of an image, where it is not smaller. */
function patchFor(size: number): number {
  if (size <= 64) return 4;
  return size <= 128 ? 8 : 16;
}

/** 1.2 million parameters for small images, those of ViT-Ti (Touvron et al. 2021) for large ones. */
function sizesFor(size: number): ModelSizes {
  const patch = patchFor(size);
  if (size <= 64) return { patch, dim: 128, depth: 6, heads: 4, mlpRatio: 4 };
  return { patch, dim: 192, depth: size <= 128 ? 9 : 12, heads: 3, mlpRatio: 4 };
}
