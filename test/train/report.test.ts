import assert from 'node:assert/strict';
import { decode } from 'fast-png';
import { cosineSimilarity } from '../../lib/render/cosine-similarity.js';
import { formatBytes, formatCount, formatDuration, formatPercent } from '../../lib/report/format.js';
import { html, scriptJson } from '../../lib/report/html.js';
import { attentionUri, similarityMosaic } from '../../lib/report/picture.js';
import { renderReport, reportPieces } from '../../lib/report/render.js';
import { selectSamples } from '../../lib/report/select-samples.js';
import { thumbnail } from '../../lib/report/thumbnail.js';
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
    const { test } = reportData();
    assert.ok(test);
    const page = renderReport(reportData({ test: { ...test, errorCount: 3 } }));
    assert.ok(page.includes('3 of 4 test images were mistaken, of which the 1 surest are shown.'));
  });

  it('says how each class fares, and what it is taken for', () => {
    const page = renderReport(reportData());
    const rows = [...ownMarkup(page).matchAll(/<tr><th scope="row" class="name">(.*?)<\/th>(.*?)<\/tr>/gs)];
    const cells = rows.map(([, name, rest = '']) => [
      name,
      ...[...rest.matchAll(/<td>(.*?)<\/td>/g)].map(([, cell]) => cell),
    ]);
    assert.deepEqual(cells.slice(-3), [
      ['cat &amp; dog → bird', '1', '50.0%'],
      ['cat &amp; dog', '2', '100.0%', '50.0%', '66.7%'],
      ['bird', '2', '66.7%', '100.0%', '80.0%'],
    ]);
    assert.ok(page.includes('Confusion matrix of 2 classes: 3 of 4 images on the diagonal.'));
    assert.ok(page.includes('"cells":[[0,0,1],[0,1,1],[1,1,2]]'));
  });

  it('shows a training batch, and what its images are mixed of', () => {
    const page = ownMarkup(renderReport(reportData()));
    assert.ok(page.includes('A training batch'));
    assert.ok(page.includes('cat &amp; dog 70.0%, bird 30.0%'));
  });

  it('loads itself anew only while the training goes on', () => {
    assert.ok(!ownMarkup(renderReport(reportData())).includes('id="live"'));
    const live = ownMarkup(renderReport(reportData({ state: { kind: 'live', epochs: 62, reloadSeconds: 7 } })));
    assert.match(live, /id="live" data-updated="2025-03-01T12:34:56.000Z" data-reload="7">/);
    assert.ok(live.includes('2 of 62 epochs, about 1 min 0 s left'));
    const state = { kind: 'failed', epochs: 62, message: 'a loss of <NaN>' } as const;
    const failed = ownMarkup(renderReport(reportData({ state })));
    assert.ok(!failed.includes('id="live"'));
    assert.ok(failed.includes('Ended after 2 of 62 epochs: a loss of &lt;NaN&gt;'));
  });

  it('gives the same page from data that went through JSON', () => {
    const data = reportData();
    assert.equal(renderReport(JSON.parse(JSON.stringify(data))), renderReport(data));
  });

  it('copes with no epoch, no errors and no pictures', () => {
    const { test } = reportData();
    assert.ok(test);
    const page = renderReport(
      reportData({
        history: [],
        test: { ...test, errorCount: 0, confusion: [], samples: { mistakes: [], uncertain: [], recognised: [] } },
        trainBatch: [],
        positions: null,
        attention: null,
        state: { kind: 'stopped', epochs: 2 },
      }),
    );
    assert.ok(page.includes('No epoch was completed.'));
    assert.ok(page.includes('All 4 test images were recognised.'));
    assert.ok(page.includes('stopped before the last epoch'));
    assert.ok(page.includes('"charts":[]'));
    assert.ok(!page.includes('Position embeddings'));
    assert.ok(!page.includes('A training batch'));
  });

  it('copes with no test images', () => {
    const page = ownMarkup(renderReport(reportData({ test: null })));
    for (const part of ['Classes', 'Test images', 'confusion']) assert.ok(!page.includes(part), part);
  });

  it('leaves a gap in the curves where a loss is no number', () => {
    const [first, second] = reportData().history;
    assert.ok(first && second);
    const page = renderReport(reportData({ history: [first, { ...second, trainLoss: Number.NaN }] }));
    assert.ok(page.includes('"label":"train","values":[2.25,null]'));
  });
});

describe('a report in pieces', () => {
  const image = { width: 100, height: 100, uri: `data:image/png;base64,${'A'.repeat(40_000)}` };
  const many = (count: number) => Array.from({ length: count }, (_, i) => ({ ...sample(0, i % 2), image }));

  it('is the whole page, of which no piece is most', () => {
    const { test } = reportData();
    assert.ok(test);
    const samples = { mistakes: many(36), uncertain: many(24), recognised: many(24) };
    const layers = Array.from({ length: 12 }, () => [0.5, 0.25]);
    const attention = { grid: [1, 2] as const, samples: many(10).map((shown) => ({ sample: shown, layers })) };
    const page = reportData({ test: { ...test, samples }, attention });
    const pieces = [...reportPieces(page)];
    assert.equal(pieces.join(''), renderReport(page));
    const longest = Math.max(...pieces.map(({ length }) => length));
    assert.ok(longest < renderReport(page).length / 5, `${longest} of ${renderReport(page).length}`);
  });

  it('shows some of very many epochs, the first and the last among them', () => {
    const [, epoch] = reportData().history;
    const history = Array.from({ length: 20_000 }, (_, i) => ({ ...epoch, epoch: i }));
    const page = ownMarkup(renderReport(reportData({ history })));
    assert.ok(page.includes('300 of the epochs as a table'));
    const rows = [...page.matchAll(/<tr><th scope="row" class="name">(\d+)<\/th>/g)].map(([, name]) => Number(name));
    assert.deepEqual([rows.filter((n) => n > 2).length, rows.includes(1), rows.includes(20_000)], [299, true, true]);
  });
});

describe('the pictures of a report', () => {
  /** An image whose values are bytes, undone as timm normalises by ImageNet's means. */
  const bytes = { mean: [0, 0, 0], std: [1, 1, 1], rescale: 1 };

  it('shows grey images in their bytes and the first three channels of others', () => {
    assert.deepEqual(pixels(sample(0, 0).image.uri), [0, 85, 170, 255]);
    const values = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]); // four channels of 1 x 2
    assert.deepEqual(pixels(thumbnail(values, [4, 1, 2], bytes, 8).uri), [1, 3, 5, 2, 4, 6]);
  });

  it('shows large images smaller, each pixel the mean of those it stands for', () => {
    const values = Float32Array.from([0, 2, 9, 4, 6, 9, 8, 8, 100]); // 3 x 3
    const picture = thumbnail(values, [1, 3, 3], { ...bytes, mean: [0], std: [1] }, 2);
    assert.deepEqual([picture.width, picture.height], [2, 2]);
    assert.deepEqual(pixels(picture.uri), [3, 9, 8, 100]);
  });

  it('colours similarity from -1 to 1, a map in the place of each patch', async () => {
    const uri = await similarityMosaic(
      [1, 2],
      [
        [-1, 1],
        [1, -1],
      ],
    );
    const { width, data } = decode(Buffer.from(uri.split(',')[1] ?? '', 'base64'));
    const at = (x: number) => [...data.subarray(4 * x, 4 * x + 4)];
    const [low, high] = [
      [68, 1, 84, 255],
      [253, 231, 37, 255],
    ];
    assert.equal(width, 52); // two maps of two cells of 12, and a gap
    assert.deepEqual([at(0), at(12), at(24), at(28), at(51)], [low, high, [0, 0, 0, 0], high, low]);
  });

  const alphas = (map: readonly number[]) => pixels(attentionUri([1, map.length], map)).filter((_, i) => i % 4 === 3);

  it('veils most the patch with most attention', () => {
    assert.deepEqual(alphas([0, 0.1, 0.2, 0, 0, 0]), [0, 75, 150, 0, 0, 0]);
    assert.deepEqual(alphas([0]), [0]);
  });

  it('veils little where all patches get about as much', () => {
    for (const alpha of alphas([0.1, 0.11, 0.1, 0.09])) assert.ok(alpha > 40 && alpha < 60, String(alpha));
    assert.deepEqual(alphas([0.5, 0.5]), [75, 75]);
  });
});

describe('cosineSimilarity', () => {
  it('compares each row with each', async () => {
    const rows = [1, 0, 0, 2, -3, 0, 1, 1];
    const half = Math.SQRT1_2;
    const wanted = [
      [1, 0, -1, half],
      [0, 1, 0, half],
      [-1, 0, 1, -half],
      [half, half, -half, 1],
    ];
    for (const [i, row] of (await cosineSimilarity(rows, 4, 2)).entries()) {
      for (const [j, value] of row.entries()) assert.ok(Math.abs(value - (wanted[i]?.[j] ?? Number.NaN)) < 1e-12);
    }
  });

  it('calls a row of zeros similar to nothing', async () => {
    assert.deepEqual((await cosineSimilarity([0, 0, 1, 1], 2, 2))[0], [0, 0]);
  });
});

describe('selectSamples', () => {
  /** Answers whose probability is given, the rest of it spread evenly. */
  function outcome(
    answers: readonly (readonly [label: number, prediction: number, probability: number])[],
    classes: number,
  ) {
    const probabilities = answers.flatMap(([, prediction, probability]) =>
      Array.from({ length: classes }, (_, c) => (c === prediction ? probability : (1 - probability) / (classes - 1))),
    );
    return {
      labels: Int32Array.from(answers, ([label]) => label),
      predictions: Int32Array.from(answers, ([, prediction]) => prediction),
      probabilities: Float32Array.from(probabilities),
    };
  }

  it('puts the surest mistakes first, and the most undecided answers', async () => {
    const answers = [
      [0, 0, 0.9],
      [0, 1, 0.5],
      [1, 0, 0.99],
      [1, 1, 0.4],
      [2, 0, 0.7],
    ] as const;
    const { errorCount, mistakes, uncertain } = await selectSamples(outcome(answers, 3));
    assert.equal(errorCount, 3);
    assert.deepEqual(mistakes, [2, 4, 1]);
    assert.deepEqual(uncertain, [3, 1, 4, 0, 2]);
  });

  it('takes recognised images of the classes in turn, however they lie', async () => {
    const answers = Array.from({ length: 1000 }, (_, i) => [i % 10, i % 10, 0.9] as const);
    const { recognised, attention } = await selectSamples(outcome(answers, 10));
    assert.deepEqual(recognised, [...Array(24).keys()]);
    assert.deepEqual(attention, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('shows the attention to a class that was never recognised, too', async () => {
    const answers = [
      [0, 1, 0.9],
      [1, 1, 0.9],
      [1, 1, 0.8],
    ] as const;
    assert.deepEqual((await selectSamples(outcome(answers, 2))).attention, [0, 1]);
  });

  it('limits what is shown, but not the count of errors', async () => {
    const answers = Array.from({ length: 1000 }, (_, i) => [0, i % 2, 0.8] as const);
    const { errorCount, mistakes, uncertain } = await selectSamples(outcome(answers, 2));
    assert.deepEqual([errorCount, mistakes.length, uncertain.length], [500, 36, 24]);
  });

  it('takes an answer of NaN for a mistake that nobody is sure of', async () => {
    const { mistakes, uncertain } = await selectSamples({
      labels: Int32Array.from([0, 1]),
      predictions: Int32Array.from([-1, 0]),
      probabilities: Float32Array.from([Number.NaN, Number.NaN, 0.6, 0.4]),
    });
    assert.deepEqual(
      [mistakes, uncertain],
      [
        [1, 0],
        [1, 0],
      ],
    );
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
