import { checkInteger, expected, Text } from '../check.js';
import { type ImageWindow, native } from '../native.js';
import { isCapturing } from '../stream.js';
import { empty, type Tensor } from '../tensor.js';
import { BYTES } from '../tensor-values.js';

/** The most pixels that Pillow opens, twice its MAX_IMAGE_PIXELS; 537 MB of red, green, blue. */
export const MOST_PIXELS = 178_956_970;

// A copy of so many bytes to new memory takes some 30 us of the event loop; to have the stream do it, and to hear of it, 5 us.
const STREAM_COPIES = 2 ** 15;

/** An image of unsigned bytes in native memory, (H,W,C), as files have them: no tensor, as those are of numbers. */
export class ByteImage {
  readonly #bytes: Tensor;

  /** An image of undefined content. */
  constructor(
    readonly height: number,
    readonly width: number,
    readonly channels: number,
  ) {
    checkInteger(channels, 'the channels of an image', 1, 4);
    checkInteger(height, 'the height of an image', 1);
    checkInteger(width, 'the width of an image', 1);
    if (height * width > MOST_PIXELS) {
      throw expected(`at most ${MOST_PIXELS} pixels`, 'an image', new Text(`${height} x ${width}`));
    }
    this.#bytes = empty([Math.ceil((height * width * channels) / BYTES)], 'int32');
  }

  /** The bytes of a typed array, copied in order with the ops enqueued before. */
  static from(pixels: Uint8Array, height: number, width: number, channels: number): ByteImage {
    const image = ByteImage.#sized(pixels, height, width, channels);
    native.write(image.handle, pixels, 0);
    return image;
  }

  /** The same of an array that nobody changes any more: where there are many, the stream copies them. */
  static taking(pixels: Uint8Array, height: number, width: number, channels: number): ByteImage {
    if (pixels.length < STREAM_COPIES || isCapturing()) return ByteImage.from(pixels, height, width, channels);
    const image = ByteImage.#sized(pixels, height, width, channels);
    native.writeLater(image.handle, pixels, 0, () => undefined);
    return image;
  }

  static #sized(pixels: Uint8Array, height: number, width: number, channels: number): ByteImage {
    const image = new ByteImage(height, width, channels);
    if (pixels.length === image.length) return image;
    image.dispose();
    throw expected(`${height * width * channels} bytes`, 'an image', new Text(`${pixels.length}`));
  }

  get length(): number {
    return this.height * this.width * this.channels;
  }

  get handle(): number {
    return this.#bytes.handle;
  }

  /** All of it. */
  get window(): ImageWindow {
    return { top: 0, left: 0, height: this.height, width: this.width };
  }

  /** The bytes; blocks. For tests. */
  bytesSync(): Uint8Array {
    return new Uint8Array(this.#bytes.dataSync().buffer, 0, this.length);
  }

  /** The bytes, once what is enqueued has made them. */
  async bytes(): Promise<Uint8Array> {
    return new Uint8Array((await this.#bytes.data()).buffer, 0, this.length);
  }

  dispose(): void {
    this.#bytes.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** @internal The window; throws unless it lies within `height` x `width`. */
export function checkWindowWithin(
  { top, left, height, width }: ImageWindow,
  [rows, columns]: readonly [number, number],
  where: string,
): ImageWindow {
  checkInteger(top, `${where} top`, 0, rows - 1);
  checkInteger(left, `${where} left`, 0, columns - 1);
  checkInteger(height, `${where} height`, 1, rows - top);
  checkInteger(width, `${where} width`, 1, columns - left);
  return { top, left, height, width };
}
