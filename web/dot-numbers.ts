import type uPlot from 'uplot';
import type { Chart } from '../lib/report/chart.js';
import { colourOf } from './page-style.js';

/** A rectangle on the canvas. */
interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const FONT_PIXELS = 11;
const DOT_PIXELS = 5;

/** Writes the numbers at a chart's dots, each where it covers neither a dot nor another number. */
export function numbersAtDots(plot: uPlot, { x, series }: Chart): void {
  const { ctx } = plot;
  const scale = devicePixelRatio;
  const dots = series.flatMap(({ marks, values, stroke }) =>
    (marks ?? []).flatMap((mark, at) => {
      const value = values[at];
      if (mark === null || value == null) return [];
      const [left, top] = [plot.valToPos(x[at] ?? 0, 'x', true), plot.valToPos(value, 'y', true)];
      return [{ mark, stroke, left, top }];
    }),
  );
  const half = DOT_PIXELS * scale;
  const taken: Box[] = dots.map(({ left, top }) => ({
    left: left - half,
    top: top - half,
    width: 2 * half,
    height: 2 * half,
  }));
  ctx.save();
  ctx.font = `${FONT_PIXELS * scale}px system-ui, sans-serif`;
  ctx.textBaseline = 'top';
  ctx.textAlign = 'left';
  for (const { mark, stroke, left, top } of dots) {
    const size = { width: ctx.measureText(mark).width, height: FONT_PIXELS * scale };
    const place = freePlace(left, top, size, taken, scale);
    taken.push({ ...place, ...size });
    ctx.fillStyle = colourOf(stroke);
    ctx.fillText(mark, place.left, place.top);
    if (place.isFar) leader(ctx, [left, top], place, size, colourOf('muted'));
  }
  ctx.restore();
}

interface Place {
  readonly left: number;
  readonly top: number;
  /** So far from its dot that a line must lead there. */
  readonly isFar: boolean;
}

const RINGS = 10;
const DIRECTIONS = 16;

/** The nearest place around a dot that nothing stands in, beginning at the upper right; if there is none, that one. */
function freePlace(
  x: number,
  y: number,
  { width, height }: Pick<Box, 'width' | 'height'>,
  taken: readonly Box[],
  scale: number,
): Place {
  const at = (ring: number, direction: number): Place => {
    const angle = -Math.PI / 4 + (direction * 2 * Math.PI) / DIRECTIONS;
    const distance = (9 + 8 * ring) * scale;
    return {
      left: x + Math.cos(angle) * (distance + width / 2) - width / 2,
      top: y + Math.sin(angle) * distance - height / 2,
      isFar: ring > 0,
    };
  };
  for (let ring = 0; ring < RINGS; ring++) {
    for (let direction = 0; direction < DIRECTIONS; direction++) {
      const place = at(ring, direction);
      if (!taken.some((box) => overlap(box, { ...place, width, height }))) return place;
    }
  }
  return at(0, 0);
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height;
}

/** A thin line from a dot to its number. */
function leader(
  ctx: CanvasRenderingContext2D,
  [x, y]: readonly [number, number],
  { left, top }: Place,
  { width, height }: Pick<Box, 'width' | 'height'>,
  colour: string,
): void {
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.lineTo(Math.min(Math.max(x, left), left + width), Math.min(Math.max(y, top), top + height));
  ctx.stroke();
}
