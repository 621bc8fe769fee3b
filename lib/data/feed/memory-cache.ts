import type { StoredImage } from './image-store.js';

/** Decoded images, by their index, from one epoch to the next. */
export interface ImageCache {
  get(index: number): StoredImage | undefined;
  /** Takes an image over: what is given back is the cache's, or the image itself where it is not kept. */
  put(index: number, image: StoredImage): Promise<StoredImage> | StoredImage;
  /** Told of an image that cannot be decoded. */
  skip?(): void;
  /** The bytes of an image that has none in memory. */
  read?(image: StoredImage): Promise<Uint8Array>;
  /** Of the file that images without bytes are in. */
  readonly descriptor: number | undefined;
  dispose(): Promise<void>;
}

/** Keeps images in native memory. */
export class MemoryCache implements ImageCache {
  readonly #images = new Map<number, StoredImage>();
  readonly descriptor = undefined;

  get(index: number): StoredImage | undefined {
    return this.#images.get(index);
  }

  put(index: number, image: StoredImage): StoredImage {
    const there = this.#images.get(index);
    if (there === undefined) {
      this.#images.set(index, image);
      return image;
    }
    image.bytes?.dispose(); // a sampler may draw an image twice
    return there;
  }

  async dispose(): Promise<void> {
    for (const { bytes } of this.#images.values()) bytes?.dispose();
    this.#images.clear();
  }
}

/** Keeps nothing. */
export class NoCache implements ImageCache {
  readonly descriptor = undefined;

  get(): undefined {
    return undefined;
  }

  put(_index: number, image: StoredImage): StoredImage {
    return image;
  }

  async dispose(): Promise<void> {}
}
