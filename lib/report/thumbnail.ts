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
    const [top, bottom] = [row * factor, Math.min(height, (row + 1) * factor)];
    for (let column = 0; column < columns; column++) {
      const left = column * factor;
      const right = Math.min(width, left + factor);
      for (let c = 0; c < shown; c++) {
        let sum = 0;
        for (let y = top; y < bottom; y++) {
          const line = (c * height + y) * width;
          for (let x = left; x < right; x++) sum += values[line + x];
        }
        const mean = sum / ((bottom - top) * (right - left));
        data[(row * columns + column) * shown + c] = byteOf(mean, prepared, c);
      }
    }
  }
  return { width: columns, height: rows, uri: pngUri({ width: columns, height: rows, data, channels: shown }) };
}
