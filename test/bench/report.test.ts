import assert from 'node:assert/strict';
import { details, elsewhere, replaceBetweenMarkers, summary } from '../../bench/report/markdown.js';
import { renderPage } from '../../bench/report/page.js';
import { rooflineChart, rooflineDots } from '../../bench/report/roofline.js';
import { embedChart } from '../../bench/report/sweep-charts.js';
import { report } from './fixture.js';

/** The page without scripts and style. */
function ownMarkup(page: string): string {
  return page.replace(/<script\b[\s\S]*?<\/script>/g, '').replace(/<style>[\s\S]*?<\/style>/, '');
}

describe('the report of the benchmarks', () => {
  it('loads nothing from elsewhere', () => {
    const page = renderPage(report());
    assert.doesNotMatch(page, /<link|@import|url\(|<iframe|src=/);
    assert.doesNotMatch(ownMarkup(page), /https?:/);
  });

  it('shows every chart, bar and fact', () => {
    const page = ownMarkup(renderPage(report()));
    for (const text of ['id="embed-0"', 'id="roofline"', 'id="tokens"', 'PyTorch 2.13.0', '12.5', '1.23', '400']) {
      assert.ok(page.includes(text), text);
    }
    assert.ok(page.includes('A &lt;fast&gt; one &amp; only'));
    assert.match(page, /style="width:25\.0%"/); // torch beside vitrine, which is four times as fast
  });

  it('is the same from data that went through JSON', () => {
    assert.equal(renderPage(JSON.parse(JSON.stringify(report()))), renderPage(report()));
  });

  it('puts kernels under the roof, but for those that only move', () => {
    const dots = rooflineDots(report());
    assert.deepEqual(
      dots.map(({ mark, record, intensity, roofShare }) => [mark, record.case, intensity, roofShare]),
      [
        ['1', 'layer-norm fwd', 1, 0.5],
        ['2', 'linear fwd+bwd', 150, 0.75],
      ],
    );
    const { x, series } = rooflineChart(report());
    assert.deepEqual(x, [0.5, 1, 20, 150, 300]);
    assert.deepEqual(series[0]?.values, [10, 20, 400, 400, 400]);
    assert.deepEqual(series[1]?.values, [null, 10, null, null, null]);
    assert.deepEqual(series[2]?.marks, [null, null, null, '2', null]);
  });

  it('tells both routes of the patch embedding apart', () => {
    const [sweep] = report().embed;
    assert.ok(sweep !== undefined);
    const { x, series } = embedChart(sweep, 0);
    assert.deepEqual(x, [64, 128]);
    assert.deepEqual(
      series.map(({ label, values }) => [label, values]),
      [
        ['naive fwd+bwd', [3, null]],
        ['conv fwd+bwd', [null, null]],
        ['naive fwd', [1, 4]],
        ['conv fwd', [2, null]],
      ],
    );
  });
});

describe('the tables of the documentation', () => {
  it('set vitrine beside the others', () => {
    const lines = summary(report()).split('\n');
    assert.ok(lines.includes('| training step | vitrine | PyTorch | of the peak |'));
    assert.ok(lines.includes('| Ti/16 224px batch 8 | 50.0 | 12.5 | 77% |'));
    assert.ok(details(report()).includes('tokens^1.23 from 197 to 785 tokens'));
  });

  it('fold those of another machine', () => {
    const folded = elsewhere({ name: 'old-one', report: report() });
    assert.match(folded, /^<details>\n<summary>Another machine: old-one<\/summary>\n\n/);
    assert.ok(folded.includes(details(report())));
    assert.match(folded, /\n\n<\/details>$/);
  });

  it('replace what stands between the markers', () => {
    const text = 'before\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nafter\n';
    const once = replaceBetweenMarkers(text, '\nnew\n', 'a page');
    assert.equal(once, 'before\n<!-- bench:begin -->\nnew\n<!-- bench:end -->\nafter\n');
    assert.equal(replaceBetweenMarkers(once, 'new', 'a page'), once);
    assert.throws(() => replaceBetweenMarkers('nothing', 'new', 'a page'), /for a page/);
  });
});
