import { checkInteger, checkOneOf, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import type { AugmentOptions } from '../data/augment/augment.js';
import { CROP_VIEWS, CropViews } from '../data/augment/crop-views.js';
import type { DataLoader, HostBatch } from '../data/loader.js';
import type { Dataset } from '../data/sets/dataset.js';
import { batchesOf, disposeImages } from './training-data.js';

/** Views of each image that are drawn as training images are. */
export interface AugmentedViews {
  /** How many. */
  views: number;
  /** What is drawn; `{}` is timm's default. */
  augment: AugmentOptions;
  /** Of the draws. Default 0. */
  seed?: number;
}

/**
 * Test-time augmentation: an image's probabilities are the mean over its views. `'flip'`: it and its mirror image;
 * `'fiveCrop'`: the corners and the middle of the resized image; `'tenCrop'`: those and their mirror images; or views that
 * are drawn.
 * @see `torchvision.transforms.FiveCrop` and `TenCrop`
 */
export type TestTimeAugmentation = 'flip' | 'fiveCrop' | 'tenCrop' | AugmentedViews;

const NAMES: OptionNames<AugmentedViews> = { views: true, augment: true, seed: true };

/** @internal Throws for what is none. */
export function checkTta(tta: TestTimeAugmentation, where: string): void {
  if (typeof tta !== 'object') {
    checkOneOf(tta, where, ['flip', 'fiveCrop', 'tenCrop']);
    return;
  }
  checkOptions(tta, NAMES, where);
  checkInteger(tta.views, `${where} views`, 1, 1000);
  checkInteger(tta.seed ?? 0, `${where} seed`);
  if (typeof tta.augment !== 'object' || tta.augment === null) {
    throw expected('options of augmentation', `${where} augment`, tta.augment);
  }
}

/** How images are looked at. */
export interface Views {
  /** Whether each view is seen mirrored as well. */
  readonly mirrors: boolean;
  /** Batches of the same images, one of each view; the receiver's to dispose. */
  batches(): AsyncGenerator<readonly HostBatch[]>;
  dispose(): Promise<void>;
}

/** @throws TypeError for crops and drawn views of images that are float32 already */
export function viewsOf(
  loader: DataLoader | DataLoader<Dataset>,
  tta: TestTimeAugmentation | undefined,
  where: string,
): Views {
  if (tta === undefined || tta === 'flip') {
    const single = async function* (): AsyncGenerator<HostBatch[]> {
      for await (const batch of batchesOf(loader, 0)) yield [batch];
    };
    return { mirrors: tta === 'flip', batches: single, dispose: async () => undefined };
  }
  const { preprocessing } = loader;
  if (preprocessing === undefined) {
    throw expected('images of files or bytes', `${where} ${typeof tta === 'string' ? `'${tta}'` : 'views'}`, loader);
  }
  const images = loader as DataLoader<Dataset>; // it has a preprocessing
  const order = images.order(0);
  // A batch is not loaded ahead: of several passes, each would decode what the first has not cached yet.
  const plain = { sampler: () => order, shuffle: undefined, augment: undefined, prefetch: 0 };
  const [count, derived] =
    typeof tta === 'string'
      ? [CROP_VIEWS, images.derive(images.dataset, plain, new CropViews(preprocessing, `${where} '${tta}'`))]
      : [tta.views, images.derive(images.dataset, { ...plain, augment: tta.augment, seed: tta.seed ?? 0 })];
  return { mirrors: tta === 'tenCrop', batches: () => inStep(derived, count), dispose: () => derived.dispose() };
}

/** The batches of several epochs, side by side: a view each. Images are decoded for the first, and cached for the rest. */
async function* inStep(loader: DataLoader<Dataset>, views: number): AsyncGenerator<HostBatch[]> {
  const passes = Array.from({ length: views }, (_, view) => batchesOf(loader, view));
  let batches: HostBatch[] = [];
  try {
    for (;;) {
      batches = [];
      for (const pass of passes) {
        const { value, done } = await pass.next();
        if (!done) batches.push(value);
      }
      if (batches.length < views) return;
      const ready = batches;
      batches = [];
      yield ready;
    }
  } finally {
    for (const batch of batches) disposeImages(batch);
    for (const pass of passes) await pass.return(undefined);
  }
}
