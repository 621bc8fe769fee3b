import type { Rgb } from './colour-map.js';
import { disc, type Point, rectangle, text, textWidth } from './drawing.js';
import { blank, type Picture } from './picture.js';

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
    rectangle(picture, [MARGIN.left, y], [WIDTH - MARGIN.right - MARGIN.left, 1], i === 0 ? INK : GRID);
    text(picture, label, [MARGIN.left - 8 - textWidth(label), y - 5], INK);
  }
  const stepX = Math.max(1, Math.ceil(lastX / 16));
  for (let x = 0; x <= lastX; x += stepX) {
    text(picture, String(x), [Math.round(atX(x) - textWidth(String(x)) / 2), bottom + 12], INK);
  }
  for (const [x, y] of points) disc(picture, [atX(x), atY(y)], RADIUS, DOT);
  return picture;
}

/** 1, 2 or 5 times a power of ten, so that four to ten of them make up `most`. */
function niceStep(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  const share = most / power;
  return power * (share < 2 ? 0.2 : share < 5 ? 0.5 : 1);
}
