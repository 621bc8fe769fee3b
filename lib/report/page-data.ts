import type { Chart } from './chart.js';
import type { Confusion } from './confusion.js';

/** What a page's script draws; `web/` reads it. */
export interface PageData {
  readonly charts: readonly Chart[];
  readonly confusion: Confusion | null;
}
