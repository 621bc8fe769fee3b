import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { attentionPicture } from './attention-picture.js';
import { Html, html } from './html.js';
import { curvesScript, learningCurves } from './learning-curves.js';
import { overview, particulars } from './overview.js';
import { positionPicture } from './position-picture.js';
import { predictions } from './predictions.js';
import type { ReportData } from './report-data.js';
import { STYLE } from './style.js';

/**
 * A training report as one HTML page that needs nothing but itself: charts (uPlot, MIT, inlined), pictures and style.
 *
 * @throws Error when the package uplot is not installed
 */
export function renderReport(data: ReportData): string {
  // uPlot and not a larger library: it is maintained, has no dependencies, and 51 kB draws all we need.
  const style = new Html(`${asset('uPlot.min.css')}\n${STYLE}`);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="vitrine">
<title>${data.title}</title>
<style>${style}</style>
</head>
<body>
${overview(data)}
<main>
${learningCurves(data)}
${predictions(data)}
${attentionPicture(data)}
${positionPicture(data)}
${particulars(data)}
</main>
${curvesScript(data, asset('uPlot.iife.min.js'))}
</body>
</html>
`.markup;
}

function asset(name: string): string {
  return readFileSync(createRequire(import.meta.url).resolve(`uplot/dist/${name}`), 'utf8');
}
