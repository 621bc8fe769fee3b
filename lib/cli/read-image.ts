import sharp from 'sharp';
import { expected, Text } from '../check.js';
import { fileErrorFrom } from '../io/file-error.js';
import { regularFileSize } from '../io/regular-file.js';

/**
 * Reads an image file (PNG, JPEG, WebP, ...) as a model wants it: (C,H,W) of unsigned bytes, grey for one channel and
 * red, green, blue for three. It is stretched to the size; transparency becomes black.
 *
 * @throws Error, one sentence, when the file is not there or no image
 */
export async function readImage(
  path: string,
  [channels, height, width]: readonly [number, number, number],
): Promise<Uint8Array> {
  if (channels !== 1 && channels !== 3) {
    throw expected('a model of 1 or 3 channels', path, new Text(`one of ${channels}`), 'An image file has no more.');
  }
  await regularFileSize(path);
  try {
    const { data, info } = await sharp(path)
      .rotate() // as the camera's orientation says
      .flatten()
      .resize(width, height, { fit: 'fill' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return toPlanes(data, info.channels, channels);
  } catch (cause) {
    throw fileErrorFrom(cause, 'an image (PNG, JPEG, WebP, GIF or TIFF)', path);
  }
}

/** (H,W,C) to (C,H,W), of the first channels. */
function toPlanes(pixels: Uint8Array, stride: number, channels: number): Uint8Array {
  const plane = pixels.length / stride;
  const planes = new Uint8Array(channels * plane);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < plane; i++) planes[c * plane + i] = pixels[i * stride + c] ?? 0;
  }
  return planes;
}
