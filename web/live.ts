import { sortBy } from './sort-table.js';

/** What a reader has done to the page, to be done again when it was loaded anew. */
interface View {
  readonly scroll: number;
  /** Which of the page's folded parts are open. */
  readonly open: readonly boolean[];
  /** Sorted tables: their number, the column and the order. */
  readonly sorted: readonly (readonly [table: number, column: number, order: string])[];
}

// Without news for this long, or for ten of the usual whiles, nobody writes the page any more.
const LEAST_PATIENCE_SECONDS = 600;
const PATIENCE = 10;

/** While its training goes on, loads the page anew now and then; a page that is not looked at waits. */
export function keepUpToDate(): void {
  restoreView();
  const state = document.getElementById('live');
  if (state === null) return;
  const updated = Date.parse(state.dataset.updated ?? '');
  const every = Number(state.dataset.reload ?? '');
  const patience = Math.max(LEAST_PATIENCE_SECONDS, PATIENCE * every);
  if ((Date.now() - updated) / 1000 > patience) {
    state.textContent = `No news since ${new Date(updated).toLocaleString()}: this training seems to have been ended.`;
    return;
  }
  setTimeout(() => {
    if (!document.hidden) reload();
    else addEventListener('visibilitychange', reload, { once: true });
  }, 1000 * every);
}

function reload(): void {
  const tables = [...document.querySelectorAll<HTMLTableElement>('table.sortable')];
  const view: View = {
    scroll: scrollY,
    open: [...document.querySelectorAll('details')].map(({ open }) => open),
    sorted: tables.flatMap((table, i) =>
      [...table.querySelectorAll('thead th')].flatMap((heading, column) => {
        const order = heading.getAttribute('aria-sort');
        return order === null ? [] : [[i, column, order] as const];
      }),
    ),
  };
  // The history's entry outlives the page, of files, too, where storage is not to be had.
  history.replaceState(view, '');
  history.scrollRestoration = 'manual';
  location.reload();
}

function restoreView(): void {
  const view = history.state as View | null; // none, or what `reload` has left
  if (view === null) return;
  for (const [i, part] of [...document.querySelectorAll('details')].entries()) part.open = view.open[i] === true;
  const tables = [...document.querySelectorAll<HTMLTableElement>('table.sortable')];
  for (const [i, column, order] of view.sorted) {
    const table = tables[i];
    if (table !== undefined) sortBy(table, column, order);
  }
  scrollTo(0, view.scroll);
}
