import { expected } from '../check.js';
import type { LrFinding } from '../train/find-lr.js';
import type { Rgb } from './colour-map.js';
import { disc, polyline, rectangle, text, textWidth } from './drawing.js';
import { blank, type Picture, toPng } from './picture.js';

const [WIDTH, HEIGHT] = [640, 400];
const [LEFT, RIGHT, TOP, BOTTOM] = [72, 28, 36, 40];
const WHITE: Rgb = [255, 255, 255];
const GRID: Rgb = [225, 225, 225];
const INK: Rgb = [70, 70, 70];
const CURVE: Rgb = [22, 104, 181];
const MARK: Rgb = [179, 64, 10];

/**
 * What `findLr` found as a chart: rates from left to right on a logarithmic axis, the smoothed loss upwards, and the rate
 * to take where there is one. Losses that are not finite are left out.
 *
 * @returns a PNG file's bytes
 * @throws TypeError for what is no finding
 * @example
 * await writeFile('rates.png', render.lrCurve(await findLr({ model, optimizer, train, batchSize: 64, epochs: 1 })));
 */
export function lrCurve(finding: LrFinding): Uint8Array {
  if (!Array.isArray(finding?.lrs) || !Array.isArray(finding.losses)) {
    throw expected('what findLr gives', 'render.lrCurve', finding);
  }
  return toPng(drawn(finding));
}

function drawn({ lrs, losses, valley }: LrFinding): Picture {
  const picture = blank(WIDTH, HEIGHT, WHITE);
  const points = lrs.map((lr, i) => [Math.log10(lr), losses[i] ?? Number.NaN] as const);
  const known = points.filter(([, loss]) => Number.isFinite(loss));
  if (known.length === 0) return picture;
  const [xs, ys] = [known.map(([x]) => x), known.map(([, y]) => y)];
  const [from, to, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const atX = (x: number): number => LEFT + ((x - from) / (to - from || 1)) * (WIDTH - LEFT - RIGHT);
  const atY = (y: number): number => TOP + ((high - y) / (high - low || 1)) * (HEIGHT - TOP - BOTTOM);
  for (const level of [low, (low + high) / 2, high]) {
    const [label, y] = [level.toFixed(2), Math.round(atY(level))];
    rectangle(picture, [LEFT, y], [WIDTH - LEFT - RIGHT, 1], GRID);
    text(picture, label, [LEFT - 8 - textWidth(label), y - 5], INK);
  }
  for (let decade = Math.ceil(from - 1e-9); decade <= to + 1e-9; decade++) {
    const [label, x] = [`1e${decade}`, Math.round(atX(decade))];
    rectangle(picture, [x, TOP], [1, HEIGHT - TOP - BOTTOM], GRID);
    text(picture, label, [x - Math.round(textWidth(label) / 2), HEIGHT - BOTTOM + 12], INK);
  }
  polyline(
    picture,
    known.map(([x, y]) => [atX(x), atY(y)]),
    CURVE,
  );
  const marked = points.find((_, i) => lrs[i] === valley);
  if (valley !== undefined && marked !== undefined) {
    const [label, x] = [valley.toExponential(1), Math.round(atX(marked[0]))];
    const half = Math.round(textWidth(label) / 2);
    rectangle(picture, [x, TOP], [1, HEIGHT - TOP - BOTTOM], MARK);
    if (Number.isFinite(marked[1])) disc(picture, [atX(marked[0]), atY(marked[1])], 4, MARK);
    text(picture, label, [Math.min(WIDTH - 2 * half - 2, Math.max(0, x - half)), TOP - 20], MARK);
  }
  return picture;
}
