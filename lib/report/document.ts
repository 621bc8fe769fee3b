import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expected } from '../check.js';
import { packageRoot } from '../package-root.js';
import type { Chart } from './chart.js';
import { Html, html, scriptJson } from './html.js';
import type { PageData } from './page-data.js';

/** What a page is made of. */
export interface PageParts {
  readonly title: string;
  readonly header: Html;
  /** Perhaps made as they are asked for. */
  readonly main: Iterable<Html | null>;
  readonly data: () => PageData;
}

/**
 * One HTML page that needs nothing but itself: style and script of `web/`, bundled when the package was built, stand in it.
 *
 * @throws TypeError where the bundle was not built
 */
export function pageDocument(parts: PageParts): string {
  return [...pagePieces(parts)].join('');
}

/** The same in pieces, each made when it is asked for: a page of photographs takes a tenth of a second at once. */
export function* pagePieces({ title, header, main, data }: PageParts): Generator<string> {
  yield html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="vitrine">
<title>${title}</title>
<style>${bundled('page.css')}</style>
</head>
<body>
${header}
<main>
`.markup;
  for (const part of main) if (part !== null) yield `${part.markup}\n`;
  yield html`</main>
<script type="application/json" id="page-data">${scriptJson(data())}</script>
<script>${bundled('page.js')}</script>
</body>
</html>
`.markup;
}

const read = new Map<string, Html>();

function bundled(name: string): Html {
  const known = read.get(name);
  if (known !== undefined) return known;
  const path = join(packageRoot, 'dist', 'web', name);
  try {
    const text = new Html(readFileSync(path, 'utf8'));
    read.set(name, text);
    return text;
  } catch (error) {
    const advice = 'In a clone, run `npm run setup`; in an installed package, install it anew.';
    throw expected('the script and style of the pages', path, error, advice);
  }
}

/** The place of a chart on the page, with what is to be said of it to who does not see it. */
export function chartFigure(chart: Chart): Html {
  const { id, title, height = 240 } = chart;
  return html`<figure class="chart-figure"><figcaption>${title}</figcaption><div id="${id}" class="chart" style="min-height: ${height + 30}px" data-description="${describe(chart)}"></div></figure>`;
}

/** A chart in a sentence: where each line begins, where it ends, and between what it lies. */
function describe({ title, xLabel, x, series }: Chart): string {
  const digits = (value: number): string => String(Number(value.toPrecision(3)));
  const parts = series.map(({ label, values, marks }) => {
    const present = values.filter((value) => value !== null);
    if (present.length === 0) return `${label}: no values`;
    const range = `between ${digits(Math.min(...present))} and ${digits(Math.max(...present))}`;
    if (marks !== undefined) return `${label}: ${present.length} dots ${range}`;
    return `${label}: from ${digits(present[0])} to ${digits(present[present.length - 1])}, ${range}`;
  });
  return `${title}, over ${xLabel} ${digits(x[0])} to ${digits(x[x.length - 1])}. ${parts.join('; ')}.`;
}
