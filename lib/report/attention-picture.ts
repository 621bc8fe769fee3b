import { formatPercent } from './format.js';
import { Html, html } from './html.js';
import { attentionUri } from './picture.js';
import { pictureClass, pictureTag } from './picture-tag.js';
import type { PatchGrid, ReportData, ReportImage } from './report-data.js';

/** The class token's attention over the patches, an image a piece. @see Dosovitskiy et al. 2021, figure 6 */
export function* attentionPicture({ attention, classNames }: ReportData): Generator<Html> {
  if (attention === null || attention.samples.length === 0) return;
  const { grid, samples } = attention;
  const name = (index: number): string => (index < 0 ? 'no class' : (classNames[index] ?? String(index)));
  yield html`<section>
<h2>What the class token looks at</h2>
<p>The class token's attention to each patch, averaged over the heads: the stronger the colour, the more. Full colour is what the patch with
most of it gets, or three times an even share where none gets as much. Large: the image, and the last layer over it. Small: every layer, from
first to last.</p>
<div class="cards">`;
  for (const { sample, layers } of samples) {
    const { image, label, prediction } = sample;
    const verdict = label === prediction ? name(label) : `${name(label)}, taken for ${name(prediction)}`;
    const last = layers[layers.length - 1] ?? [];
    yield html`<figure class="card">
<div class="pair">${pictureTag(image, `Image of class ${name(label)}`)}${overlay(image, grid, last, 'last layer')}</div>
<div class="layers">${layers.map((map, layer) => overlay(image, grid, map, `layer ${layer + 1}`))}</div>
<figcaption>${verdict}</figcaption>
</figure>`;
  }
  yield new Html('</div>\n</section>');
}

// More numbers than these would not be legible on the picture.
const MOST_NUMBERS = 16;

function overlay(image: ReportImage, grid: PatchGrid, map: readonly number[], what: string): Html {
  const sum = map.reduce((total, value) => total + value, 0);
  const each = map.length <= MOST_NUMBERS ? ` (${map.map((value) => formatPercent(value)).join(', ')})` : '';
  const alt = `Attention of the ${what}: ${formatPercent(sum)} to the patches${each}, the rest to the class token itself`;
  const { width, height, uri } = image;
  return html`<span class="overlay" title="${alt}"><img class="${pictureClass(image)}" width="${width}" height="${height}" src="${uri}" alt=""><img class="pixels veil" src="${attentionUri(grid, map)}" alt="${alt}"></span>`;
}
