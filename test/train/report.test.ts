import assert from 'node:assert/strict';
import { decode } from 'fast-png';
import { cosineSimilarity } from '../../lib/render/cosine-similarity.js';
import { formatBytes, formatCount, formatDuration, formatPercent } from '../../lib/report/format.js';
import { html, scriptJson } from '../../lib/report/html.js';
import { attentionUri, imageUri, similarityUri } from '../../lib/report/picture.js';
import { renderReport } from '../../lib/report/render.js';
import { selectSamples } from '../../lib/report/samples.js';
import { reportData, sample } from './report-fixture.js';

/** The page without uPlot's own source, in which anything may stand. */
function ownMarkup(page: string): string {
  return page.replace(/<script\b[\s\S]*?<\/script>/g, '').replace(/<style>[\s\S]*?<\/style>/, '');
}

/** The pixels of a PNG data URI. */
function pixels(uri: string): number[] {
  return [...decode(Buffer.from(uri.split(',')[1] ?? '', 'base64')).data];
}

describe('renderReport', () => {
  it('shows the key figures, the facts and every epoch', () => {
    const page = ownMarkup(renderReport(reportData()));
    for (const text of ['75.0%', '1 min 5 s', '1,234', '201,930', '2025-03-01 12:34 UTC', '2.2500', '1.7500']) {
      assert.ok(page.includes(text), text);
    }
    assert.ok(page.includes('1 of 4 test images were mistaken.'));
  });

  it('loads nothing from elsewhere', () => {
    const page = renderReport(reportData());
    assert.doesNotMatch(page, /<link|@import|url\(|<iframe|src="(?!data:)/);
    assert.doesNotMatch(ownMarkup(page), /https?:/);
    for (const [, uri] of page.matchAll(/<img[^>]* src="([^"]*)"/g)) {
      assert.match(uri ?? '', /^data:image\/png;base64,[A-Za-z0-9+/]+=*$/);
    }
  });

  it('escapes names that look like markup', () => {
    const page = renderReport(reportData({ title: '</title><script>alert(1)</script>' }));
    assert.ok(!page.includes('<script>alert'));
    assert.ok(page.includes('cat &amp; dog'));
    assert.ok(page.includes('Abacus &lt;2000&gt;'));
  });

  it('marks the errors and puts them first', () => {
    const page = ownMarkup(renderReport(reportData()));
    assert.equal(page.match(/class="sample wrong"/g)?.length, 1);
    assert.ok(page.includes('✗ cat &amp; dog → bird'));
    assert.ok(page.indexOf('class="sample wrong"') < page.indexOf('class="sample"'));
  });

  it('says how many errors there are when it does not show all', () => {
    const { result } = reportData();
    const page = renderReport(reportData({ result: { ...result, errorCount: 3 } }));
    assert.ok(page.includes('3 of 4 test images were mistaken, of which 1 are shown.'));
  });

  it('gives the same page from data that went through JSON', () => {
    const data = reportData();
    assert.equal(renderReport(JSON.parse(JSON.stringify(data))), renderReport(data));
  });

  it('copes with no epoch, no errors and no pictures', () => {
    const { result } = reportData();
    const page = renderReport(
      reportData({
        history: [],
        samples: { errors: [], correct: [] },
        positions: null,
        attention: null,
        result: { ...result, errorCount: 0, stopped: true },
      }),
    );
    assert.ok(page.includes('No epoch was completed.'));
    assert.ok(page.includes('All 4 test images were recognised.'));
    assert.ok(page.includes('stopped before the last epoch'));
    assert.ok(page.includes('id="charts">[]</script>'));
    assert.ok(!page.includes('Position embeddings'));
  });

  it('leaves a gap in the curves where a loss is no number', () => {
    const [first, second] = reportData().history;
    assert.ok(first && second);
    const page = renderReport(reportData({ history: [first, { ...second, trainLoss: Number.NaN }] }));
    assert.ok(page.includes('"label":"train","values":[2.25,null]'));
  });
});

describe('the pictures of a report', () => {
  it('shows grey images in their bytes and the first three channels of others', () => {
    assert.deepEqual(pixels(imageUri(sample(0, 0).image)), [0, 85, 170, 255]);
    const colour = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]).toString('base64'); // four channels of 1 x 2
    assert.deepEqual(pixels(imageUri({ shape: [4, 1, 2], pixels: colour })), [1, 3, 5, 2, 4, 6]);
  });

  it('colours similarity from -1 to 1', () => {
    assert.deepEqual(pixels(similarityUri([1, 2], [-1, 1])), [68, 1, 84, 253, 231, 37]);
  });

  it('veils most the patch with most attention', () => {
    const alphas = pixels(attentionUri([1, 3], [0, 0.1, 0.2])).filter((_, i) => i % 4 === 3);
    assert.deepEqual(alphas, [0, 75, 150]);
    assert.deepEqual(
      pixels(attentionUri([1, 1], [0])).filter((_, i) => i % 4 === 3),
      [0],
    );
  });
});

describe('cosineSimilarity', () => {
  it('compares each row with each', () => {
    const rows = [1, 0, 0, 2, -3, 0, 1, 1];
    const half = Math.SQRT1_2;
    const wanted = [
      [1, 0, -1, half],
      [0, 1, 0, half],
      [-1, 0, 1, -half],
      [half, half, -half, 1],
    ];
    for (const [i, row] of cosineSimilarity(rows, 4, 2).entries()) {
      for (const [j, value] of row.entries()) assert.ok(Math.abs(value - (wanted[i]?.[j] ?? Number.NaN)) < 1e-12);
    }
  });

  it('calls a row of zeros similar to nothing', () => {
    assert.deepEqual(cosineSimilarity([0, 0, 1, 1], 2, 2)[0], [0, 0]);
  });
});

describe('selectSamples', () => {
  it('takes every error, some others, and one of each class, recognised if there is one', () => {
    const chosen = selectSamples(Int32Array.from([1, 0, 1, 2, 2]), Int32Array.from([0, 0, 1, 0, 1]));
    assert.deepEqual(chosen, { errorCount: 3, errors: [0, 3, 4], correct: [1, 2], attention: [1, 2, 3] });
  });

  it('takes an even sample of many, and limits the errors but not their count', () => {
    const labels = new Int32Array(1000);
    const predictions = Int32Array.from(labels, (_, i) => i % 2);
    const { errorCount, errors, correct } = selectSamples(labels, predictions);
    assert.equal(errorCount, 500);
    assert.equal(errors.length, 200);
    assert.equal(correct.length, 40);
    assert.ok((correct.at(-1) ?? 0) > 900);
    assert.equal(new Set(correct).size, 40);
  });
});

describe('html', () => {
  it('escapes text, keeps markup, joins lists and leaves out null', () => {
    const items = ['<', '"'].map((text) => html`<i>${text}</i>`);
    assert.equal(html`${items}${null}${0}`.markup, '<i>&lt;</i>\n<i>&quot;</i>0');
  });

  it('writes JSON that cannot end a script', () => {
    assert.equal(scriptJson({ a: '</script>' }).markup, '{"a":"\\u003c/script>"}');
  });
});

describe('numbers for people', () => {
  it('formats counts, shares, durations and bytes', () => {
    assert.equal(formatCount(12_345.6), '12,346');
    assert.equal(formatPercent(0.98028), '98.0%');
    const durations = [0, 9.46, 59.94, 59.96, 125, 3599.6, 3725, Number.POSITIVE_INFINITY].map(formatDuration);
    assert.deepEqual(durations, ['0.0 s', '9.5 s', '59.9 s', '1 min 0 s', '2 min 5 s', '1 h 0 min', '1 h 2 min', '?']);
    assert.deepEqual([0, 1023, 1536, 2 ** 30].map(formatBytes), ['0 B', '1023 B', '1.5 KiB', '1.0 GiB']);
  });
});
