/** Where the parts of a matrix lie, in the page's pixels. */
export interface Layout {
  readonly classes: number;
  /** A cell's side. */
  readonly cell: number;
  /** Between two cells. */
  readonly gap: number;
  /** Of the names, at the left and above; 0 where there is no room for them. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly fontPixels: number;
}

/** A cell of the matrix. */
export interface Cell {
  readonly row: number;
  readonly column: number;
}

const MOST_CELL = 44;
// Names of this size are the smallest that can be read; with more classes than these, only cells are drawn.
const LEAST_NAMED_CELL = 10;
const MOST_NAMED = 150;
const MOST_FONT = 13;
const MOST_NAME = 130;

/**
 * The largest cells for the room there is, but none that cannot be told apart: then the matrix is wider than the room, and
 * scrolls.
 *
 * @param nameWidth of the longest name at a font of one pixel
 */
export function layoutOf(classes: number, room: number, nameWidth: number): Layout {
  const isNamed = classes <= MOST_NAMED;
  const fontOf = (cell: number): number => Math.min(MOST_FONT, Math.floor(cell));
  const marginOf = (cell: number): number => (isNamed ? Math.min(MOST_NAME, nameWidth * fontOf(cell) + 8) : 0);
  const least = isNamed ? LEAST_NAMED_CELL : 1;
  let cell = MOST_CELL;
  while (cell > least && marginOf(cell) + cell * classes > room) cell--;
  const margin = Math.ceil(marginOf(cell));
  const side = margin + cell * classes;
  return {
    ...{ classes, cell, left: margin, top: margin, width: side, height: side },
    gap: cell >= 6 ? 1 : 0,
    fontPixels: fontOf(cell),
  };
}

/** The cell at a place of the canvas; undefined beside the matrix. */
export function cellAt({ classes, cell, left, top }: Layout, x: number, y: number): Cell | undefined {
  const [row, column] = [Math.floor((y - top) / cell), Math.floor((x - left) / cell)];
  const isInside = row >= 0 && row < classes && column >= 0 && column < classes;
  return isInside ? { row, column } : undefined;
}
