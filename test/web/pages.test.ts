import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { renderPage } from '../../bench/report/page.js';
import { renderReport } from '../../lib/report/render.js';
import { report } from '../bench/fixture.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { reportData } from '../train/report-fixture.js';
import { Chromium, findChromium, type Screen } from './chromium.js';

const DESKTOP: Screen = { width: 1280, height: 900, scheme: 'light' };
const PHONE: Screen = { width: 390, height: 844, scheme: 'dark' };

describe('the pages in a browser', function () {
  this.timeout(120_000);
  const at = temporaryDirectory();
  let browser: Chromium | undefined;

  before(function () {
    const path = findChromium();
    if (path === undefined) return this.skip(); // nothing is downloaded for a test
    browser = new Chromium(path);
    writeFileSync(at('report.html'), renderReport(reportData()));
    writeFileSync(at('bench.html'), renderPage(report()));
  });
  after(() => browser?.close());

  async function open(name: string, screen: Screen) {
    assert.ok(browser);
    return browser.open(at(name), screen);
  }

  for (const name of ['report.html', 'bench.html']) {
    for (const screen of [DESKTOP, PHONE]) {
      it(`${name} has nothing that axe objects to, and fits a ${screen.scheme} screen of ${screen.width} pixels`, async () => {
        const page = await open(name, screen);
        await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
        const run =
          'axe.run().then(({ violations, passes }) => [violations.map(({ id, nodes }) => [id, nodes[0].html]), passes.length])';
        const [violations, passes] = (await page.evaluate(run)) as [unknown[], number]; // as axe has it
        assert.deepEqual(violations, []);
        assert.ok(passes > 10, `axe has looked: ${passes}`);
        assert.ok((await page.evaluate('document.documentElement.scrollWidth <= innerWidth')) === true);
      });
    }
  }

  it('sorts a table by the heading that is clicked, and the other way at the second click', async () => {
    const page = await open('report.html', DESKTOP);
    const click = `document.querySelector('.sortable thead th:nth-child(4) button').click();
      [...document.querySelectorAll('.sortable tbody th')].map((cell) => cell.textContent)`;
    assert.deepEqual(await page.evaluate(click), ['bird', 'cat & dog']); // recall 100 % and 50 %
    assert.deepEqual(await page.evaluate(click), ['cat & dog', 'bird']);
  });

  it('tells a cell of the matrix that the arrow keys go to', async () => {
    const page = await open('report.html', DESKTOP);
    const press = (
      key: string,
    ) => `document.getElementById('confusion').dispatchEvent(new KeyboardEvent('keydown', { key: '${key}' }));
      document.getElementById('confusion-cell').textContent`;
    assert.equal(await page.evaluate(press('ArrowDown')), 'cat & dog, recognised: 1 of 2 (50.0%)');
    assert.equal(await page.evaluate(press('ArrowRight')), 'cat & dog, taken for bird: 1 of 2 (50.0%)');
  });

  it('loads a live page anew, and scrolls to where it was', async () => {
    const state = { kind: 'live', epochs: 9, reloadSeconds: 1 } as const;
    writeFileSync(at('live.html'), renderReport(reportData({ state, createdAt: new Date().toISOString() })));
    const page = await open('live.html', PHONE);
    await page.evaluate('scrollTo(0, 500)');
    const loaded = page.nextLoad();
    writeFileSync(at('live.html'), renderReport(reportData({ title: 'An epoch later' })));
    await loaded;
    assert.deepEqual(await page.evaluate('[document.title, scrollY]'), ['An epoch later', 500]);
  });

  it('does not load a page anew that nobody has written for long', async () => {
    writeFileSync(at('left.html'), renderReport(reportData({ state: { kind: 'live', epochs: 9, reloadSeconds: 1 } })));
    const page = await open('left.html', DESKTOP);
    assert.match(String(await page.evaluate('document.getElementById("live").textContent')), /^No news since /);
  });
});
