import type { Grid } from '../resample.js';

// What two tokens that only the roll has brought together have added to their score.
const APART = -100;

/** For tokens i and j of a window, the entry of the table of relative positions: (T*T), row-major. */
export function positionIndex([rows, columns]: Grid): number[] {
  const places = Array.from({ length: rows * columns }, (_, t) => [Math.floor(t / columns), t % columns] as const);
  return places.flatMap(([y, x]) =>
    places.map(([v, u]) => (y - v + rows - 1) * (2 * columns - 1) + (x - u + columns - 1)),
  );
}

/**
 * What is added to the scores of tokens that only the roll has brought together, (windows,T,T).
 *
 * @param windows along (height, width)
 */
export function shiftMask(window: Grid, shift: Grid, [h, w]: Grid): Float32Array {
  const tokens = window[0] * window[1];
  const values = new Float32Array(h * w * tokens * tokens);
  // Only the last windows along a rolled axis are mixed.
  const beyond = (axis: 0 | 1, last: boolean, at: number): boolean =>
    last && shift[axis] > 0 && at >= window[axis] - shift[axis];
  for (let i = 0; i < h * w; i++) {
    const region = (t: number): number =>
      2 * Number(beyond(0, Math.floor(i / w) === h - 1, Math.floor(t / window[1]))) +
      Number(beyond(1, i % w === w - 1, t % window[1]));
    for (let t = 0; t < tokens * tokens; t++) {
      if (region(Math.floor(t / tokens)) !== region(t % tokens)) values[i * tokens * tokens + t] = APART;
    }
  }
  return values;
}
