/** Points to be drawn, and places along x to be marked. */
export interface Curve {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly marks: readonly number[];
}

const HEIGHT = 10;
const MOST_WIDTH = 72;

/**
 * A curve as lines of plain characters, with the least and the greatest y at the left; `|` stands at a mark. What is far
 * above the middle half of the curve is cut off, as the end of a learning-rate finder's is.
 */
export function sketch({ x, y, marks }: Curve, columns: number): string[] {
  const finite = y.filter(Number.isFinite);
  if (finite.length < 2) return [];
  const sorted = [...finite].sort((a, b) => a - b);
  const [least, first] = [sorted[0] ?? 0, y.find(Number.isFinite) ?? 0];
  const most = Math.min(sorted.at(-1) ?? 0, first + (first - least || 1));
  const labels = [most, least].map((value) => value.toFixed(2));
  const margin = Math.max(...labels.map((label) => label.length)) + 1;
  const width = Math.max(10, Math.min(MOST_WIDTH, columns - 1) - margin);
  const [from, to] = [x[0] ?? 0, x.at(-1) ?? 1];
  const column = (value: number): number => Math.round(((value - from) / (to - from || 1)) * (width - 1));
  const row = (value: number): number => Math.round(((most - value) / (most - least || 1)) * (HEIGHT - 1));
  const rows = Array.from({ length: HEIGHT }, () => new Array<string>(width).fill(' '));
  for (const mark of marks) for (const cells of rows) cells[column(mark)] = '|';
  for (const [i, value] of y.entries()) {
    const cells = rows[row(Math.min(value, most))];
    if (cells !== undefined && value <= most) cells[column(x[i] ?? from)] = '*';
  }
  return rows.map((cells, i) => {
    const label = i === 0 ? labels[0] : i === HEIGHT - 1 ? labels[1] : '';
    return `${(label ?? '').padStart(margin - 1)} ${cells.join('')}`.trimEnd();
  });
}
