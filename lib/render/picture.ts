import type { Rgb } from './colour-map.js';
import { encodePng } from './png.js';

/** Pixels in red, green, blue, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A picture of one colour. */
export function blank(width: number, height: number, [r, g, b]: Rgb): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i += 3) data.set([r, g, b], i);
  return { width, height, data };
}

/** A picture of the colours that `colour` gives for each row and column. */
export function paint(width: number, height: number, colour: (row: number, column: number) => Rgb): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) data.set(colour(row, column), (row * width + column) * 3);
  }
  return { width, height, data };
}

/** Every pixel as a square of `factor` by `factor`. */
export function enlarge({ width, height, data }: Picture, factor: number): Picture {
  return paint(width * factor, height * factor, (row, column) => {
    const at = (Math.floor(row / factor) * width + Math.floor(column / factor)) * 3;
    return [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
  });
}

const WHITE: Rgb = [255, 255, 255];

/** Pictures of one size in rows of `columns`, `gap` white pixels apart. */
export function mosaic(pictures: readonly Picture[], columns: number, gap: number): Picture {
  const [{ width, height } = { width: 0, height: 0 }] = pictures;
  const rows = Math.ceil(pictures.length / columns);
  const whole = blank(columns * (width + gap) - gap, rows * (height + gap) - gap, WHITE);
  for (const [i, { data }] of pictures.entries()) {
    const [top, left] = [Math.floor(i / columns) * (height + gap), (i % columns) * (width + gap)];
    for (let row = 0; row < height; row++) {
      const line = data.subarray(row * width * 3, (row + 1) * width * 3);
      whole.data.set(line, ((top + row) * whole.width + left) * 3);
    }
  }
  return whole;
}

/** A picture as the bytes of a PNG file. */
export function toPng({ width, height, data }: Picture): Uint8Array {
  return encodePng({ width, height, data, channels: 3 });
}
