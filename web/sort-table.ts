/** Sorts a table's rows by the column whose heading is clicked: numbers with the greatest first, names by the alphabet. */
export function makeSortable(table: HTMLTableElement): void {
  const headings = [...table.querySelectorAll<HTMLTableCellElement>('thead th')];
  for (const [column, heading] of headings.entries()) {
    heading.querySelector('button')?.addEventListener('click', () => {
      const isName = Number.isNaN(numberIn(table.tBodies[0]?.rows[0]?.cells[column]));
      const first = isName ? 'ascending' : 'descending';
      const second = isName ? 'descending' : 'ascending';
      sortBy(table, column, heading.getAttribute('aria-sort') === first ? second : first);
    });
  }
}

/** @param order as `aria-sort` has it */
export function sortBy(table: HTMLTableElement, column: number, order: string): void {
  for (const [i, heading] of [...table.querySelectorAll('thead th')].entries()) {
    if (i === column) heading.setAttribute('aria-sort', order);
    else heading.removeAttribute('aria-sort');
  }
  const [body] = table.tBodies;
  if (body === undefined) return;
  const sign = order === 'descending' ? -1 : 1;
  const rows = [...body.rows].map((row) => ({ row, cell: row.cells[column] }));
  rows.sort((a, b) => sign * compare(a.cell, b.cell)); // equal ones keep their order
  body.append(...rows.map(({ row }) => row));
}

function compare(a: HTMLTableCellElement | undefined, b: HTMLTableCellElement | undefined): number {
  const [x, y] = [numberIn(a), numberIn(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  return (a?.textContent ?? '').localeCompare(b?.textContent ?? '', undefined, { numeric: true });
}

/** `1,234` and `56.7%` as numbers. */
function numberIn(cell: HTMLTableCellElement | undefined): number {
  const text = (cell?.textContent ?? '').replace(/[,%]/g, '');
  return text === '' ? Number.NaN : Number(text);
}
