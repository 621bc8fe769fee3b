import type { Confusion } from '../lib/report/confusion.js';
import { cssColour, inkOn, mix, parseColour } from './colour.js';
import { type Cell, cellAt, type Layout, layoutOf } from './confusion-layout.js';
import { colourOf } from './page-style.js';

const FAMILY = 'system-ui, sans-serif';
// Cells of this size hold a number of three digits.
const NUMBERED_CELL = 26;

/** A confusion matrix on a canvas: a cell is read by pointing at it, or by going there with the arrow keys. */
export class ConfusionMatrix {
  readonly #data: Confusion;
  readonly #canvas: HTMLCanvasElement;
  readonly #told: HTMLElement | null;
  /** By row and column. */
  readonly #counts = new Map<number, number>();
  #chosen: Cell | undefined;

  constructor(data: Confusion, canvas: HTMLCanvasElement) {
    this.#data = data;
    this.#canvas = canvas;
    this.#told = document.getElementById(canvas.getAttribute('aria-describedby') ?? '');
    for (const [row, column, count] of data.cells) this.#counts.set(this.#place({ row, column }), count);
    canvas.addEventListener('pointermove', (event) => this.#choose(this.#cellUnder(event)));
    canvas.addEventListener('pointerdown', (event) => this.#choose(this.#cellUnder(event)));
    canvas.addEventListener('keydown', (event) => this.#step(event));
    const { parentElement: room } = canvas;
    if (room !== null) new ResizeObserver(() => this.draw()).observe(room);
  }

  draw(): void {
    const { data, layout } = { data: this.#data, layout: this.#layout() };
    const canvas = this.#canvas;
    const ctx = canvas.getContext('2d');
    if (ctx === null) return;
    const scale = devicePixelRatio;
    canvas.width = layout.width * scale;
    canvas.height = layout.height * scale;
    canvas.style.width = `${layout.width}px`;
    canvas.style.height = `${layout.height}px`;
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    drawNames(ctx, data.names, layout);
    const empty = parseColour(colourOf('surface'));
    ctx.fillStyle = cssColour(empty);
    ctx.fillRect(layout.left, layout.top, layout.cell * layout.classes, layout.cell * layout.classes);
    const [right, wrong] = [parseColour(colourOf('train')), parseColour(colourOf('test'))];
    for (const [row, column, count] of data.cells) {
      // By the square root of the share, so that what is rare shows.
      const colour = mix(empty, row === column ? right : wrong, Math.sqrt(count / (data.totals[row] ?? 1)));
      ctx.fillStyle = cssColour(colour);
      const { x, y, side } = boxOf({ row, column }, layout);
      ctx.fillRect(x, y, side, side);
      if (layout.cell < NUMBERED_CELL) continue;
      ctx.fillStyle = inkOn(colour);
      ctx.font = `12px ${FAMILY}`;
      ctx.textAlign = 'center';
      ctx.textBaseline = 'middle';
      ctx.fillText(String(count), x + side / 2, y + side / 2, side - 2);
    }
    if (this.#chosen !== undefined) outline(ctx, this.#chosen, layout);
  }

  #layout(): Layout {
    const { names } = this.#data;
    const room = this.#canvas.parentElement?.clientWidth ?? 0;
    const ctx = this.#canvas.getContext('2d');
    let widest = 0;
    if (ctx !== null) {
      ctx.font = `100px ${FAMILY}`;
      for (const name of names) widest = Math.max(widest, ctx.measureText(name).width / 100);
    }
    return layoutOf(names.length, room, widest);
  }

  #place({ row, column }: Cell): number {
    return row * this.#data.names.length + column;
  }

  #cellUnder({ offsetX, offsetY }: PointerEvent): Cell | undefined {
    return cellAt(this.#layout(), offsetX, offsetY);
  }

  #step(event: KeyboardEvent): void {
    const steps: Readonly<Record<string, readonly [number, number]>> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const last = this.#data.names.length - 1;
    const within = (at: number): number => Math.min(last, Math.max(0, at));
    const { row, column } = this.#chosen ?? { row: -step[0], column: -step[1] };
    this.#choose({ row: within(row + step[0]), column: within(column + step[1]) });
    this.#showChosen();
  }

  /** Scrolls to the cell where the matrix is wider than its room. */
  #showChosen(): void {
    const room = this.#canvas.parentElement;
    if (room === null || this.#chosen === undefined) return;
    const { x } = boxOf(this.#chosen, this.#layout());
    if (x < room.scrollLeft || x > room.scrollLeft + room.clientWidth - 40) room.scrollLeft = x - room.clientWidth / 2;
  }

  #choose(cell: Cell | undefined): void {
    if (cell === undefined || (cell.row === this.#chosen?.row && cell.column === this.#chosen.column)) return;
    this.#chosen = cell;
    this.draw();
    const { names, totals } = this.#data;
    const count = this.#counts.get(this.#place(cell)) ?? 0;
    const [label, answer, total] = [names[cell.row], names[cell.column], totals[cell.row] ?? 0];
    const share = total === 0 ? '' : ` (${((100 * count) / total).toFixed(1)}%)`;
    const what = cell.row === cell.column ? `${label}, recognised` : `${label}, taken for ${answer}`;
    if (this.#told !== null) this.#told.textContent = `${what}: ${count} of ${total}${share}`;
  }
}

function boxOf({ row, column }: Cell, { left, top, cell, gap }: Layout): { x: number; y: number; side: number } {
  return { x: left + column * cell, y: top + row * cell, side: cell - gap };
}

function outline(ctx: CanvasRenderingContext2D, chosen: Cell, layout: Layout): void {
  const { x, y, side } = boxOf(chosen, layout);
  ctx.strokeStyle = colourOf('text');
  ctx.lineWidth = 2;
  ctx.strokeRect(x, y, side, side);
}

/** Names of rows at the left, and of columns above, upwards. */
function drawNames(ctx: CanvasRenderingContext2D, names: readonly string[], layout: Layout): void {
  const { left, top, cell, fontPixels } = layout;
  if (left === 0) return;
  ctx.fillStyle = colourOf('muted');
  ctx.font = `${fontPixels}px ${FAMILY}`;
  ctx.textBaseline = 'middle';
  for (const [i, name] of names.entries()) {
    const short = shortened(ctx, name, left - 6);
    ctx.textAlign = 'right';
    ctx.fillText(short, left - 4, top + (i + 0.5) * cell);
    ctx.save();
    ctx.translate(left + (i + 0.5) * cell, top - 4);
    ctx.rotate(-Math.PI / 2);
    ctx.textAlign = 'left';
    ctx.fillText(short, 0, 0);
    ctx.restore();
  }
}

function shortened(ctx: CanvasRenderingContext2D, name: string, room: number): string {
  if (ctx.measureText(name).width <= room) return name;
  let length = name.length - 1;
  while (length > 1 && ctx.measureText(`${name.slice(0, length)}…`).width > room) length--;
  return `${name.slice(0, length)}…`;
}
