import { formatCount, formatPercent } from './format.js';
import { Html, html } from './html.js';
import { pictureTag } from './picture-tag.js';
import type { ReportData, ReportSample } from './report-data.js';

/** Test images, in pieces: the worst mistakes, the most undecided answers, and some that were recognised. */
export function* predictions({ test, classNames }: ReportData): Generator<Html | null> {
  if (test === null) return;
  const { errorCount, count, samples } = test;
  const { mistakes, uncertain, recognised } = samples;
  const shown = mistakes.length < errorCount ? `, of which the ${formatCount(mistakes.length)} surest are shown` : '';
  const told =
    errorCount === 0
      ? `All ${formatCount(count)} test images were recognised.`
      : `${formatCount(errorCount)} of ${formatCount(count)} test images were mistaken${shown}.`;
  const group = function* (title: string, of: readonly ReportSample[]): Generator<Html> {
    if (of.length === 0) return;
    yield html`<h3>${title}</h3><div class="samples">`;
    for (const sample of of) yield figure(sample, classNames); // a photograph each, which may be 100 KB
    yield new Html('</div>');
  };
  yield html`<section>
<h2>Test images</h2>
<p>${told} Under each: what it is, what the model took it for if not that, and the probabilities that it gave.</p>`;
  yield* group('Worst mistakes: wrong, and surest of it', mistakes);
  yield* group('Most uncertain', uncertain);
  yield* group('Recognised, of each class in turn', recognised);
  yield new Html('</section>');
}

function figure(sample: ReportSample, classNames: readonly string[]): Html {
  const { image, label, prediction, predictionProbability, labelProbability } = sample;
  const name = (index: number): string => (index < 0 ? 'no class' : (classNames[index] ?? String(index)));
  const line = (index: number, probability: number): Html =>
    html`<span class="sample-line"><span class="sample-class">${name(index)}</span> <span>${formatPercent(probability)}</span></span>`;
  const isError = label !== prediction;
  const alt = isError ? `${name(label)}, taken for ${name(prediction)}` : `${name(label)}, recognised`;
  const text = isError
    ? html`<b class="sample-name">✗ ${name(label)} → ${name(prediction)}</b>${line(prediction, predictionProbability)}${line(label, labelProbability)}`
    : html`<b class="sample-name">${name(label)}</b><span class="sample-line">${formatPercent(predictionProbability)}</span>`;
  return html`<figure class="${isError ? 'sample wrong' : 'sample'}">
${pictureTag(image, alt)}
<figcaption class="sample-text">${text}</figcaption>
</figure>`;
}
