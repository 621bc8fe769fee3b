import { viridisGradient } from '../render/colour-map.js';
import { Html, html } from './html.js';
import { similarityUri } from './picture.js';
import type { ReportData } from './report-data.js';

/** The position embeddings' similarity. Source: Dosovitskiy et al. 2021, figure 7 (centre). */
export function positionPicture({ positions }: ReportData): Html | null {
  if (positions === null) return null;
  const { grid, similarity } = positions;
  const [rows, columns] = grid;
  const place = (i: number): string => `row ${Math.floor(i / columns) + 1}, column ${(i % columns) + 1}`;
  return html`<section>
<h2>Position embeddings</h2>
<p>One small map for each of the ${rows} × ${columns} patches, in its place on the image: the cosine similarity of its learned position
embedding to those of all patches. Neighbours that resemble each other show that the model has learned where patches lie.</p>
<figure class="positions" style="max-width: ${Math.min(420, 110 * columns)}px">
<div class="maps" style="grid-template-columns: repeat(${columns}, 1fr); gap: ${Math.max(1, Math.round(24 / columns))}px">
${similarity.map((map, i) => html`<img class="pixels" src="${similarityUri(grid, map)}" alt="Similarity to the patch at ${place(i)}" title="${title(map, place(i))}">`)}
</div>
<figcaption class="legend"><span>−1</span><span class="bar" style="background: ${new Html(viridisGradient)}"></span><span>1</span></figcaption>
</figure>
</section>`;
}

function title(map: readonly number[], place: string): string {
  // Longer lists of numbers than these are no help.
  return map.length <= 16 ? `${place}: ${map.map((value) => value.toFixed(2)).join(', ')}` : place;
}
