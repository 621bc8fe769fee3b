import { Augmentation, type AugmentOptions, type DrawnImage, type ImageDraws } from './augment.js';
import { Draws } from './draws.js';

/** Draws several crops of each image, each its own: the first as the batch's images, and the others as its views. */
export class MultiCropDraws implements ImageDraws {
  readonly mixing = undefined;
  readonly shrinks = true;
  readonly views: NonNullable<ImageDraws['views']>;
  readonly #first: ImageDraws;

  /** @param crops size and augmentation of each, at least one */
  constructor(
    crops: readonly { crop: readonly [number, number]; augment: AugmentOptions }[],
    mean: readonly number[],
    where: string,
  ) {
    const all = crops.map(({ crop, augment }, view) => ({
      crop,
      draws: ofView(new Augmentation(augment, mean, where), view),
    }));
    this.#first = all[0].draws;
    this.views = all.slice(1);
  }

  draw(...given: Parameters<ImageDraws['draw']>): DrawnImage {
    return this.#first.draw(...given);
  }
}

/** The same from other numbers: (seed, view) stand for the seed. */
function ofView(draws: Augmentation, view: number): ImageDraws {
  return {
    mixing: undefined,
    shrinks: true,
    draw: ({ seed, epoch, index }, size, crop) =>
      draws.draw({ seed: new Draws(seed, view, 0).seed(), epoch, index }, size, crop),
  };
}
