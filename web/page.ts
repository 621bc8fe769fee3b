/** What runs in the pages that vitrine writes: the report of a training and that of the benchmarks. */
import 'uplot/dist/uPlot.min.css';
import './page.css';
import type { Chart } from '../lib/report/chart.js';
import { drawChart } from './line-chart.js';
import { drawInColours, pageData } from './page-style.js';

const charts = pageData<readonly Chart[]>('charts') ?? [];
const drawn: (() => void)[] = [];

drawInColours(() => {
  for (const remove of drawn.splice(0)) remove();
  for (const chart of charts) {
    const box = document.getElementById(chart.id);
    if (box !== null) drawn.push(drawChart(chart, box));
  }
});
