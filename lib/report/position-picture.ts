import { viridisGradient } from '../render/colour-map.js';
import { Html, html } from './html.js';
import type { ReportData } from './report-data.js';

// On the page, in pixels: a map can be made out, and all of them seen at once.
const MAP_WIDTH = 110;
const MOST_WIDTH = 560;

/** The position embeddings' similarity. @see Dosovitskiy et al. 2021, figure 7 (centre) */
export function positionPicture({ positions }: ReportData): Html | null {
  if (positions === null) return null;
  const { grid, least, uri } = positions;
  const [rows, columns] = grid;
  const alt = `${rows} times ${columns} maps of similarity, from ${least.toFixed(2)} to 1 where a patch meets itself`;
  return html`<section>
<h2>Position embeddings</h2>
<p>One small map for each of the ${rows} × ${columns} patches, in its place on the image: the cosine similarity of its learned position
embedding to those of all patches. Neighbours that resemble each other show that the model has learned where patches lie.</p>
<figure class="positions" style="max-width: ${Math.min(MOST_WIDTH, MAP_WIDTH * columns)}px">
<img class="pixels" src="${uri}" alt="${alt}">
<figcaption class="legend"><span>−1</span><span class="legend-bar" style="background: ${new Html(viridisGradient)}"></span><span>1</span></figcaption>
</figure>
</section>`;
}
