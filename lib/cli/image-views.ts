import { DataLoader } from '../data/loader.js';
import type { Dataset } from '../data/sets/dataset.js';
import type { Preprocessing } from '../io/pretrained/preprocessing.js';
import { cat } from '../ops/cat.js';
import { flip } from '../ops/transpose.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { imagesOf } from '../train/training-data.js';
import { viewsOf } from '../train/views.js';
import type { Tta } from './tta-flag.js';

/**
 * What a model looks at of images: batches (B,C,H,W) of them all, one for each view; the receiver's to dispose.
 *
 * @param pixels (1,C,H,W) each, as the model takes them; they stay the caller's
 * @param files the same, to be cut into crops
 */
export async function* imageViews(
  pixels: readonly Tensor[],
  files: readonly (string | Uint8Array)[],
  preprocessing: Preprocessing,
  tta: Tta | undefined,
): AsyncGenerator<Tensor> {
  if (tta === undefined || tta === 'flip') {
    yield scope(() => cat(pixels, 0));
    if (tta === 'flip') yield scope(() => flip(cat(pixels, 0), 3)); // W
    return;
  }
  const set: Dataset = { length: files.length, get: (index) => ({ image: files[index] ?? '', label: 0 }) };
  await using loader = new DataLoader<Dataset>(set, { batchSize: files.length, preprocessing, maxCorrupt: 0 });
  const views = viewsOf(loader, tta, '--tta');
  try {
    for await (const batches of views.batches()) {
      for (const batch of batches) {
        const images = imagesOf(batch, []); // a tensor already
        const mirrored = views.mirrors ? [scope(() => flip(images, 3))] : []; // W
        yield images;
        yield* mirrored;
      }
    }
  } finally {
    await views.dispose();
  }
}
