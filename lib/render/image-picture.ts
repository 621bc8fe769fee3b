import type { Preprocessing } from '../io/preprocessing.js';
import type { Tensor } from '../tensor.js';
import { type Picture, paint } from './picture.js';

/** An image (1,C,H,W) of one or three channels as it was before normalising; by default from -1 (black) to 1. */
export async function imagePicture(
  image: Tensor,
  { mean, std }: Partial<Pick<Preprocessing, 'mean' | 'std'>> = {},
): Promise<Picture> {
  const [, channels, height, width] = image.shape as [number, number, number, number]; // (1,C,H,W)
  const values = await image.data();
  const plane = height * width;
  const byte = (channel: number, at: number): number => {
    const c = channels >= 3 ? channel : 0;
    const value = (values[c * plane + at] ?? 0) * (std?.[c] ?? 0.5) + (mean?.[c] ?? 0.5);
    return Math.round(255 * Math.min(1, Math.max(0, value)));
  };
  return paint(width, height, (row, column) => {
    const at = row * width + column;
    return [byte(0, at), byte(1, at), byte(2, at)];
  });
}
