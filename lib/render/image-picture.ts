import { byteOf, type Preprocessing, standardFor } from '../io/pretrained/preprocessing.js';
import type { Tensor } from '../tensor.js';
import { type Picture, paint } from './picture.js';

/** An image (1,C,H,W) of one or three channels as it was before normalising; by default from -1 (black) to 1. */
export async function imagePicture(
  image: Tensor,
  given: Partial<Pick<Preprocessing, 'mean' | 'std' | 'rescale'>> = {},
): Promise<Picture> {
  const [, channels, height, width] = image.shape as [number, number, number, number]; // (1,C,H,W)
  const values = await image.data();
  const plane = height * width;
  const prepared = { ...standardFor(channels), ...given };
  const byte = (colour: number, at: number): number => {
    const c = channels < 3 ? 0 : colour;
    return byteOf(values[c * plane + at] ?? 0, prepared, c);
  };
  return paint(width, height, (row, column) => {
    const at = row * width + column;
    return [byte(0, at), byte(1, at), byte(2, at)];
  });
}
