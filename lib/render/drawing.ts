import type { Rgb } from './colour-map.js';
import type { Picture } from './picture.js';

/** A place on a picture, in pixels from its upper left corner. */
export type Point = readonly [x: number, y: number];

/** Fills a rectangle; what lies outside the picture is cut off. */
export function rectangle(
  picture: Picture,
  [left, top]: Point,
  [width, height]: readonly [number, number],
  colour: Rgb,
): void {
  for (let y = top; y < top + height; y++) {
    for (let x = left; x < left + width; x++) blend(picture, x, y, colour, 1);
  }
}

/** A dot whose edge is a pixel of transition. */
export function disc(picture: Picture, [cx, cy]: Point, radius: number, colour: Rgb): void {
  for (let y = Math.floor(cy - radius - 1); y <= cy + radius + 1; y++) {
    for (let x = Math.floor(cx - radius - 1); x <= cx + radius + 1; x++) {
      const cover = radius + 0.5 - Math.hypot(x + 0.5 - cx, y + 0.5 - cy);
      blend(picture, x, y, colour, 0.8 * Math.min(1, Math.max(0, cover)));
    }
  }
}

/** A line from point to point, two pixels wide, with an edge of transition. */
export function polyline(picture: Picture, points: readonly Point[], colour: Rgb): void {
  // Where two parts meet, the larger cover counts: blended twice, a joint would be darker.
  const covers = new Map<number, number>();
  for (const [i, end] of points.entries()) {
    const begin = points[i - 1];
    if (begin === undefined) continue;
    coverSegment(picture.width, begin, end, covers);
  }
  for (const [at, cover] of covers) {
    blend(picture, at % picture.width, Math.floor(at / picture.width), colour, cover);
  }
}

function coverSegment(width: number, [x0, y0]: Point, [x1, y1]: Point, covers: Map<number, number>): void {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = Math.hypot(dx, dy);
  for (let y = Math.floor(Math.min(y0, y1)) - 2; y <= Math.max(y0, y1) + 2; y++) {
    for (let x = Math.floor(Math.min(x0, x1)) - 2; x <= Math.max(x0, x1) + 2; x++) {
      const [px, py] = [x + 0.5 - x0, y + 0.5 - y0];
      const along = length === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / (length * length)));
      const cover = Math.min(1, Math.max(0, 1.5 - Math.hypot(px - along * dx, py - along * dy)));
      if (cover === 0 || x < 0 || x >= width || y < 0) continue;
      const at = y * width + x;
      covers.set(at, Math.max(cover, covers.get(at) ?? 0));
    }
  }
}

function blend({ width, height, data }: Picture, x: number, y: number, colour: Rgb, cover: number): void {
  if (cover === 0 || x < 0 || y < 0 || x >= width || y >= height) return;
  const at = (y * width + x) * 3;
  for (const [c, value] of colour.entries())
    data[at + c] = Math.round((1 - cover) * (data[at + c] ?? 0) + cover * value);
}

// What numbers are written with, of 3 by 5 dots, a row in three bits.
const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  '0': [7, 5, 5, 5, 7],
  '1': [2, 6, 2, 2, 7],
  '2': [7, 1, 7, 4, 7],
  '3': [7, 1, 7, 1, 7],
  '4': [5, 5, 7, 1, 1],
  '5': [7, 4, 7, 1, 7],
  '6': [7, 4, 7, 5, 7],
  '7': [7, 1, 1, 1, 1],
  '8': [7, 5, 7, 5, 7],
  '9': [7, 5, 7, 1, 7],
  '.': [0, 0, 0, 0, 2],
  '-': [0, 0, 7, 0, 0],
  '+': [0, 2, 7, 2, 0],
  e: [7, 5, 7, 4, 7],
};
const DOTS = 2; // pixels of a glyph's dot

/** Pixels from a number's left to its right. */
export function textWidth(label: string): number {
  return label.length * 4 * DOTS - DOTS;
}

/** Writes a number with its upper left corner at a point, ten pixels high. */
export function text(picture: Picture, label: string, [left, top]: Point, colour: Rgb): void {
  for (const [i, char] of [...label].entries()) {
    for (const [row, bits] of (GLYPHS[char] ?? []).entries()) {
      for (let column = 0; column < 3; column++) {
        if ((bits >> (2 - column)) % 2 === 0) continue;
        rectangle(picture, [left + (i * 4 + column) * DOTS, top + row * DOTS], [DOTS, DOTS], colour);
      }
    }
  }
}
