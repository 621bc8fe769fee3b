import { checkInteger } from '../../check.js';
import type { Dataset } from './dataset.js';
import type { ImageSource, Sample } from './sample.js';

/** Images with one class each, held as two lists: what most readers give. */
export class ImageList implements Dataset {
  constructor(
    readonly images: readonly ImageSource[],
    readonly labels: Int32Array,
    readonly classes: readonly string[],
  ) {}

  get length(): number {
    return this.images.length;
  }

  get(index: number): Sample {
    checkInteger(index, 'the index of an image', 0, this.length - 1);
    return { image: this.images[index], label: this.labels[index] };
  }
}

/** Images of one size whose pixels lie one after another, in planes (count,C,H,W) or by pixel (count,H,W,C). */
export class PixelSet implements Dataset {
  constructor(
    readonly pixels: Uint8Array,
    readonly labels: Int32Array,
    readonly classes: readonly string[],
    readonly layout: {
      height: number;
      width: number;
      channels: 1 | 3;
      planes: boolean;
      stride: number;
      offset: number;
    },
  ) {}

  get length(): number {
    return this.labels.length;
  }

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
