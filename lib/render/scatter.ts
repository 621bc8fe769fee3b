import type { Rgb } from './colour-map.js';
import { blank, type Picture } from './picture.js';

type Point = readonly [x: number, y: number];

const WIDTH = 640;
const HEIGHT = 440;
const MARGIN = { left: 64, right: 20, top: 20, bottom: 40 };
const RADIUS = 4;
const WHITE: Rgb = [255, 255, 255];
const GRID: Rgb = [225, 225, 225];
const INK: Rgb = [70, 70, 70];
const DOT: Rgb = [59, 82, 139]; // a blue of viridis

/** A chart of dots with numbered axes from 0; x is whole. */
export function scatter(points: readonly Point[]): Picture {
  const picture = blank(WIDTH, HEIGHT, WHITE);
  const lastX = Math.max(1, ...points.map(([x]) => x));
  const stepY = niceStep(Math.max(...points.map(([, y]) => y), 1e-9));
  const topY = stepY * Math.max(1, Math.ceil(Math.max(...points.map(([, y]) => y), 0) / stepY));
  const [left, right] = [MARGIN.left + 3 * RADIUS, WIDTH - MARGIN.right - 3 * RADIUS];
  const bottom = HEIGHT - MARGIN.bottom;
  const atX = (x: number): number => left + (x / lastX) * (right - left);
  const atY = (y: number): number => bottom - (y / topY) * (bottom - MARGIN.top);
  for (let i = 0; i * stepY <= topY * 1.0001; i++) {
    const label = String(Number((i * stepY).toPrecision(6)));
    const y = Math.round(atY(i * stepY));
    rectangle(picture, MARGIN.left, y, WIDTH - MARGIN.right - MARGIN.left, 1, i === 0 ? INK : GRID);
    text(picture, label, MARGIN.left - 8 - textWidth(label), y - 5);
  }
  const stepX = Math.max(1, Math.ceil(lastX / 16));
  for (let x = 0; x <= lastX; x += stepX) {
    text(picture, String(x), Math.round(atX(x) - textWidth(String(x)) / 2), bottom + 12);
  }
  for (const [x, y] of points) disc(picture, atX(x), atY(y));
  return picture;
}

/** 1, 2 or 5 times a power of ten, so that four to ten of them make up `most`. */
function niceStep(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  const share = most / power;
  return power * (share < 2 ? 0.2 : share < 5 ? 0.5 : 1);
}

function rectangle(picture: Picture, left: number, top: number, width: number, height: number, colour: Rgb): void {
  for (let y = top; y < top + height; y++) {
    for (let x = left; x < left + width; x++) blend(picture, x, y, colour, 1);
  }
}

/** A dot whose edge is a pixel of transition. */
function disc(picture: Picture, cx: number, cy: number): void {
  for (let y = Math.floor(cy - RADIUS - 1); y <= cy + RADIUS + 1; y++) {
    for (let x = Math.floor(cx - RADIUS - 1); x <= cx + RADIUS + 1; x++) {
      const cover = RADIUS + 0.5 - Math.hypot(x + 0.5 - cx, y + 0.5 - cy);
      blend(picture, x, y, DOT, 0.8 * Math.min(1, Math.max(0, cover)));
    }
  }
}

function blend({ width, height, data }: Picture, x: number, y: number, colour: Rgb, cover: number): void {
  if (cover === 0 || x < 0 || y < 0 || x >= width || y >= height) return;
  const at = (y * width + x) * 3;
  for (const [c, value] of colour.entries())
    data[at + c] = Math.round((1 - cover) * (data[at + c] ?? 0) + cover * value);
}

// Digits of 3 by 5 dots, a row in three bits.
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
};
const DOTS = 2; // pixels of a glyph's dot

function textWidth(label: string): number {
  return label.length * 4 * DOTS - DOTS;
}

/** Writes a number with its upper left corner at (left, top), ten pixels high. */
function text(picture: Picture, label: string, left: number, top: number): void {
  for (const [i, char] of [...label].entries()) {
    for (const [row, bits] of (GLYPHS[char] ?? []).entries()) {
      for (let column = 0; column < 3; column++) {
        if ((bits >> (2 - column)) % 2 === 0) continue;
        rectangle(picture, left + (i * 4 + column) * DOTS, top + row * DOTS, DOTS, DOTS, INK);
      }
    }
  }
}
