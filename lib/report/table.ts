import { Html, html } from './html.js';

/** A table of numbers, and what is said of it. */
export interface NumbersTable {
  /** What the table shows, for who hears it. */
  readonly label: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The column that names the rows; its cells are headings. */
  readonly names?: number;
  /** Whether a click on a heading sorts by it. */
  readonly sortable?: boolean;
}

/** A table of numbers in an area of its own, which scrolls where there is no room, and can be reached by the keyboard. */
export function numbersTable({ label, head, rows, names, sortable = false }: NumbersTable): Html {
  const style = (column: number): Html | null => (column === names ? new Html(' class="name"') : null);
  const title = (cell: string): Html =>
    sortable ? html`<button type="button" class="sort">${cell}</button>` : html`${cell}`;
  const heading = (cell: string, column: number): Html =>
    cell === '' ? html`<td></td>` : html`<th scope="col"${style(column)}>${title(cell)}</th>`;
  const body = (cell: string, column: number): Html =>
    column === names ? html`<th scope="row" class="name">${cell}</th>` : html`<td>${cell}</td>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table class="${sortable ? 'numbers sortable' : 'numbers'}">
<thead><tr>${head.map(heading)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(body)}</tr>`)}</tbody>
</table></div>`;
}

/** The same, folded under a line that can be opened. */
export function foldedTable(summary: string, table: NumbersTable): Html {
  return html`<details><summary>${summary}</summary>${numbersTable(table)}</details>`;
}
