/** What runs in the pages that vitrine writes: the report of a training and that of the benchmarks. */
import 'uplot/dist/uPlot.min.css';
import './page.css';
import type { PageData } from '../lib/report/page-data.js';
import { ConfusionMatrix } from './confusion.js';
import { drawChart } from './line-chart.js';
import { keepUpToDate } from './live.js';
import { drawInColours } from './page-style.js';
import { makeSortable } from './sort-table.js';

const { charts, confusion } = JSON.parse(document.getElementById('page-data')?.textContent ?? '') as PageData; // as written
const drawn: (() => void)[] = [];
const canvas = document.querySelector<HTMLCanvasElement>('canvas#confusion');
const matrix = canvas !== null && confusion !== null ? new ConfusionMatrix(confusion, canvas) : undefined;

drawInColours(() => {
  for (const remove of drawn.splice(0)) remove();
  for (const chart of charts) {
    const box = document.getElementById(chart.id);
    if (box !== null) drawn.push(drawChart(chart, box));
  }
  matrix?.draw();
});

for (const table of document.querySelectorAll<HTMLTableElement>('table.sortable')) makeSortable(table);
keepUpToDate();
