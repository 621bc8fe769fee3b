import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { findingText } from '../../lib/cli/find-rate.js';
import { sketch } from '../../lib/cli/sketch.js';
import { render } from '../../lib/index.js';
import { renderLrPage, renderLrSvg } from '../../lib/report/lr-curve.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { runCli } from './run-cli.js';

const lrs = Array.from({ length: 60 }, (_, i) => 1e-6 * 10 ** (i / 10));
const losses = lrs.map((_, i) => (i < 50 ? 2.5 - i / 40 : 2 ** (i - 48)));
const finding = { lrs, losses, valley: lrs[30], steep: lrs[40] };

describe('vitrine find-lr', function () {
  this.timeout(60_000);
  const at = temporaryDirectory();

  it('draws a curve that fits its columns, cut off where it explodes, with a mark', () => {
    const marks = [0.5];
    const lines = sketch({ x: [0, 0.25, 0.5, 0.75, 1], y: [3, 2, 1, 2, 900], marks }, 40);
    assert.equal(lines.length, 10);
    assert.ok(lines.every((line) => line.length < 40));
    assert.match(lines[0] ?? '', /^5\.00 /);
    assert.match(lines[9] ?? '', /^1\.00 +\*$/);
    assert.equal(lines.filter((line) => line.includes('|')).length, 9);
    assert.deepEqual(sketch({ x: [1, 2], y: [Number.NaN, 1], marks: [] }, 40), []);
  });

  it('tells the rate to take, at 60 columns too', () => {
    for (const columns of [60, 100]) {
      const lines = findingText(finding, columns, 'rates.svg').split('\n');
      assert.ok(lines.every((line) => line.length < columns));
      assert.deepEqual(lines.slice(-3), [
        'Suggested: --lr 0.001',
        'The loss falls most steeply at 0.01',
        '  rates.svg',
      ]);
    }
    const none = findingText({ ...finding, valley: undefined }, 60).split('\n');
    assert.ok(none.every((line) => line.length < 60));
    assert.match(none.slice(-2).join(' '), /^No rate to suggest: .+ Try more --steps\.$/);
  });

  it('draws the curve as a picture and as a page', () => {
    const svg = renderLrSvg({ ...finding, losses: [Number.NaN, ...losses.slice(1)] });
    assert.match(svg, /^<svg [^>]+role="img" aria-label="Loss by learning rate">/);
    assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
    assert.match(svg, />1\.0e-3</);
    const page = renderLrPage(finding);
    assert.match(page, /Suggested learning rate: 1\.0e-3/);
    assert.match(page, /"xScale":"log"/);
  });

  it('draws it as a PNG: the curve, and a line at the rate to take', async () => {
    const png = render.lrCurve({ ...finding, losses: [Number.NaN, ...losses.slice(1)] });
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    assert.deepEqual([info.width, info.height, info.channels], [640, 400, 3]);
    const columnsOf = (wanted: readonly number[]): number[] => {
      const counts = new Array<number>(info.width).fill(0);
      for (let i = 0; i < data.length / 3; i++) {
        if (wanted.every((value, c) => data[3 * i + c] === value)) counts[i % info.width]++;
      }
      return counts;
    };
    assert.ok(columnsOf([22, 104, 181]).filter((pixels) => pixels > 0).length > 500);
    const marked = columnsOf([179, 64, 10]);
    const columns = marked.flatMap((pixels, x) => (pixels > 300 ? [x] : []));
    // Rates from 10^-5.9 (the first loss is none) to 10^-0.1: 10^-3 is in the middle of what is drawn.
    assert.deepEqual(columns, [Math.round(72 + (2.9 / 5.8) * 540)]);
    assert.throws(() => render.lrCurve({} as never), /^TypeError: Expected what findLr gives for render\.lrCurve/);
  });

  it('finds one for the digits, as lines of JSON, with the settings of a file for train, and writes its plot', async () => {
    writeFileSync(at('recipe.yaml'), 'dim: 16\ndepth: 1\nheads: 2\nepochs: 5\nlr: 0.3\n');
    const args = ['find-lr', '--preset', 'digits', '--config', at('recipe.yaml'), '--steps', '30', '--json'];
    const { code, stdout, stderr } = await runCli([...args, '--plot', at('rates.png')]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^step 3\/30: rate \d\.\de-\d, loss \d/m);
    const events = stdout.trim().split('\n');
    const told = events.map((line) => JSON.parse(line));
    const result = told.at(-1);
    assert.equal(result.event, 'result');
    assert.ok(result.valley > 1e-7 && result.valley < 10);
    assert.deepEqual(
      told.slice(0, 3).map(({ event, step }) => [event, step]),
      [1, 2, 3].map((step) => ['log', step]),
    );
    assert.deepEqual([...readFileSync(at('rates.png')).subarray(1, 4)], [...Buffer.from('PNG')]);
  });

  it('refuses what makes no sense, with exit code 2', async () => {
    const { code, stderr } = await runCli(['find-lr', '--preset', 'digits', '--start-lr', '1', '--end-lr', '0.1']);
    assert.deepEqual(
      [code, stderr],
      [2, 'vitrine: Expected a rate above --start-lr, 1, for --end-lr but received 0.1.\n'],
    );
  });
});
