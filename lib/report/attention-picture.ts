import { formatPercent } from './format.js';
import { type Html, html } from './html.js';
import { attentionUri, imageUri } from './picture.js';
import type { PatchGrid, ReportData } from './report-data.js';

/** The class token's attention over the patches. Source: Dosovitskiy et al. 2021, figure 6. */
export function attentionPicture({ attention, classNames }: ReportData): Html | null {
  if (attention === null) return null;
  const { grid, samples } = attention;
  return html`<section>
<h2>What the class token looks at</h2>
<p>The class token's attention to each patch, averaged over the heads: the stronger the colour, the more attention, relative to the patch that
gets the most. Large: the image, and the last layer over it. Small: every layer, from first to last.</p>
<div class="cards">
${samples.map(({ sample, layers }) => {
  const name = (index: number): string => classNames[index] ?? String(index);
  const uri = imageUri(sample.image);
  const { label, prediction } = sample;
  const verdict = label === prediction ? name(label) : `${name(label)}, taken for ${name(prediction)}`;
  const last = layers[layers.length - 1] ?? [];
  return html`<figure class="card">
<div class="pair"><img class="pixels" src="${uri}" alt="Image of class ${name(label)}">${overlay(uri, grid, last, 'last layer', shares(grid, last))}</div>
<div class="layers">${layers.map((map, layer) => overlay(uri, grid, map, `layer ${layer + 1}`))}</div>
<figcaption>${verdict}</figcaption>
</figure>`;
})}
</div>
</section>`;
}

// More numbers than these would not be legible on the picture.
const MOST_SHARES = 16;

/** The attention in numbers, each on its patch, where there is room. */
function shares([, columns]: PatchGrid, map: readonly number[]): Html | null {
  if (map.length > MOST_SHARES) return null;
  const cells = map.map((value) => html`<span>${(100 * value).toFixed(0)}%</span>`);
  return html`<span class="shares" style="grid-template-columns: repeat(${columns}, 1fr)">${cells}</span>`;
}

function overlay(
  source: string,
  grid: PatchGrid,
  map: readonly number[],
  what: string,
  over: Html | null = null,
): Html {
  const sum = map.reduce((total, value) => total + value, 0);
  const alt = `Attention of the ${what}: ${formatPercent(sum)} to the patches, the rest to the class token itself`;
  return html`<span class="overlay" title="${alt}"><img class="pixels" src="${source}" alt=""><img class="pixels" src="${attentionUri(grid, map)}" alt="${alt}">${over}</span>`;
}
