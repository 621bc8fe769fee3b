import { checkInteger } from '../../check.js';
import type { Dataset } from './dataset.js';
import type { ImageSource, Sample } from './sample.js';

/** Images with one class each, held as two lists: what most readers give. */
export class ImageList implements Dataset {
  constructor(
    /** Each where it is, or its pixels. */
    readonly images: readonly ImageSource[],
    /** The class of each image. */
    readonly labels: Int32Array,
    /** The classes' names, in their numbers' order. */
    readonly classes: readonly string[],
  ) {}

  /** How many images there are. */
  get length(): number {
    return this.images.length;
  }

  /** The image at `index`, from 0 on, and its class. */
  get(index: number): Sample {
    checkInteger(index, 'the index of an image', 0, this.length - 1);
    return { image: this.images[index], label: this.labels[index] };
  }
}

/** Some images of a list, in the order of `indices`. */
export function pick({ images, labels, classes }: ImageList, indices: Uint32Array): ImageList {
  const chosen = Array.from(indices, (index) => images[index]);
  return new ImageList(
    chosen,
    Int32Array.from(indices, (index) => labels[index]),
    classes,
  );
}

/** Images of one size whose pixels lie one after another, in planes (count,C,H,W) or by pixel (count,H,W,C). */
export class PixelSet implements Dataset {
  constructor(
    /** The bytes of all images, with what lies between them. */
    readonly pixels: Uint8Array,
    /** The class of each image. */
    readonly labels: Int32Array,
    /** The classes' names, in their numbers' order. */
    readonly classes: readonly string[],
    /** Where an image's bytes lie: from `index * stride + offset` on. */
    readonly layout: {
      /** Rows of pixels. */
      height: number;
      /** Pixels of a row. */
      width: number;
      /** 1 (grey) or 3 (red, green, blue). */
      channels: 1 | 3;
      /** Whether a channel follows the other, (C,H,W), or a pixel the other, (H,W,C). */
      planes: boolean;
      /** Bytes from an image to the next. */
      stride: number;
      /** Bytes before the first image. */
      offset: number;
    },
  ) {}

  /** How many images there are. */
  get length(): number {
    return this.labels.length;
  }

  /** The image at `index`, from 0 on, and its class. */
  get(index: number): Sample {
    checkInteger(index, 'the index of an image', 0, this.length - 1);
    const { height, width, channels, planes, stride, offset } = this.layout;
    const size = height * width * channels;
    const bytes = this.pixels.subarray(index * stride + offset, index * stride + offset + size);
    const pixels = planes ? byPixel(bytes, channels) : bytes;
    return { image: { pixels, height, width, channels }, label: this.labels[index] };
  }
}

/** (C,H,W) as (H,W,C). */
function byPixel(planes: Uint8Array, channels: number): Uint8Array {
  const size = planes.length / channels;
  const pixels = new Uint8Array(planes.length);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < size; i++) pixels[i * channels + c] = planes[c * size + i];
  }
  return pixels;
}
