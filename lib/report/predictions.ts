import { formatCount, formatPercent } from './format.js';
import { type Html, html } from './html.js';
import { imageUri } from './picture.js';
import type { ReportData, ReportSample } from './report-data.js';

/** The test images that were mistaken, then some of those that were not. */
export function predictions({ samples, result, classNames }: ReportData): Html {
  const { errors, correct } = samples;
  const { errorCount, testCount } = result;
  const shown = errors.length < errorCount ? `, of which ${formatCount(errors.length)} are shown` : '';
  const mistakes =
    errorCount === 0
      ? `All ${formatCount(testCount)} test images were recognised.`
      : `${formatCount(errorCount)} of ${formatCount(testCount)} test images were mistaken${shown}.`;
  return html`<section>
<h2>Test images</h2>
<p>${mistakes} Under each: its label, what the model took it for if not that, and the probability it gave.</p>
${errors.length > 0 ? html`<h3>Mistaken</h3><div class="samples">${errors.map((sample) => figure(sample, classNames))}</div>` : null}
${correct.length > 0 ? html`<h3>Recognised, a sample</h3><div class="samples">${correct.map((sample) => figure(sample, classNames))}</div>` : null}
</section>`;
}

function figure(sample: ReportSample, classNames: readonly string[]): Html {
  const { image, label, prediction, predictionProbability, labelProbability } = sample;
  const name = (index: number): string => (index < 0 ? 'no class' : (classNames[index] ?? String(index)));
  const isError = label !== prediction;
  const told = isError ? `${name(label)}, taken for ${name(prediction)}` : `${name(label)}, recognised`;
  return html`<figure class="${isError ? 'sample wrong' : 'sample'}">
<img class="pixels" src="${imageUri(image)}" alt="${told}">
<figcaption class="sample-text">${
    isError
      ? html`<b>✗ ${name(label)} → ${name(prediction)}</b><span>${name(prediction)}: ${formatPercent(predictionProbability)}</span><span>${name(label)}: ${formatPercent(labelProbability)}</span>`
      : html`<b>${name(label)}</b><span>${formatPercent(predictionProbability)}</span>`
  }</figcaption>
</figure>`;
}
