import { byteOf, type Preprocessing, standardFor } from '../io/pretrained/preprocessing.js';
import { pngUri } from './picture.js';
import type { ReportImage } from './report-data.js';

/** How the pixels of images were normalised; by default from -1 (black) to 1. */
export type Normalised = Partial<Pick<Preprocessing, 'mean' | 'std' | 'rescale'>> | undefined;

/**
 * An image as the model takes it, as a picture of what it shows; no side longer than `most`.
 *
 * @param values (C,H,W); one channel is grey, three or more are red, green, blue
 */
export function thumbnail(
  values: Float32Array,
  shape: readonly [channels: number, height: number, width: number],
  normalised: Normalised,
  most: number,
): ReportImage {
  const [channels, height, width] = shape;
  const prepared = { ...standardFor(channels), ...normalised };
  const factor = Math.ceil(Math.max(height, width) / most);
  const [rows, columns] = [Math.ceil(height / factor), Math.ceil(width / factor)];
  const shown = channels >= 3 ? 3 : 1;
  const data = new Uint8Array(rows * columns * shown);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (let c = 0; c < shown; c++) {
        const value = meanOf(values, [c, height, width], [row * factor, column * factor], factor);
        data[(row * columns + column) * shown + c] = byteOf(value, prepared, c);
      }
    }
  }
  return { width: columns, height: rows, uri: pngUri({ width: columns, height: rows, data, channels: shown }) };
}

/** Of the square of `side` pixels that begins at a corner, as far as it lies in channel `c`. */
function meanOf(
  values: Float32Array,
  [c, height, width]: readonly [number, number, number],
  [top, left]: readonly [number, number],
  side: number,
): number {
  const [bottom, right] = [Math.min(height, top + side), Math.min(width, left + side)];
  let sum = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) sum += values[(c * height + y) * width + x];
  }
  return sum / ((bottom - top) * (right - left));
}
