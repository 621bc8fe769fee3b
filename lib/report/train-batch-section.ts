import { type Html, html } from './html.js';
import { pictureTag } from './picture-tag.js';
import type { ReportData } from './report-data.js';

/** Training images as the model sees them. */
export function trainBatchSection({ trainBatch }: ReportData): Html | null {
  if (trainBatch.length === 0) return null;
  const figures = trainBatch.map(
    ({ image, text }) =>
      html`<figure class="sample">${pictureTag(image, `Training image: ${text}`)}<figcaption class="sample-text">${text}</figcaption></figure>`,
  );
  return html`<section>
<h2>A training batch</h2>
<p>Images as they go into the model: cropped, augmented and mixed as the training is told to, in the colours that they have before they are
normalised.</p>
<div class="samples">${figures}</div>
</section>`;
}
