import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { data, HtmlReport, optim, Trainer, type TrainingState } from '../../lib/index.js';
import type { Preprocessing } from '../../lib/io/pretrained/preprocessing.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { textures, tinyViT } from './tiny-problem.js';

describe('HtmlReport', () => {
  const at = temporaryDirectory();
  const read = (path: string) => readFileSync(path, 'utf8');

  /** Trains two epochs with a report; gives the page as it was after the first epoch, and at the end. */
  async function train(path: string, test: 'arrays' | 'loader'): Promise<{ live: string; last: string }> {
    using model = tinyViT();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const [seen, tested] = [textures(32), textures(8)];
    const { shape, labels, images } = seen;
    const bytes = Uint8Array.from(images, (value) => Math.max(0, Math.min(255, 127.5 * (value + 1))));
    const crop = [shape[1], shape[2]] as const;
    const preprocessing: Preprocessing = { resize: 'none', crop, interpolation: 'bilinear', mean: [0.5], std: [0.5] };
    await using loader = new data.DataLoader(data.fromArrays({ images: bytes, labels: [...labels], shape }), {
      preprocessing,
      batchSize: 8,
      numClasses: seen.numClasses,
    });
    const sets = test === 'arrays' ? { train: seen, test: tested } : { train: loader, test: loader };
    const report = new HtmlReport(path, { ...sets, title: 'A <test>', settings: [{ name: 'seed', value: '0' }] });
    let live = '';
    const after = {
      onEpochEnd: ({ epoch }: TrainingState) => {
        if (epoch === 0) live = read(path);
      },
    };
    await new Trainer({ model, optimizer, ...sets, batchSize: 8, epochs: 2, callbacks: [report, after] }).fit();
    optimizer.dispose();
    return { live, last: read(path) };
  }

  for (const kind of ['arrays', 'loader'] as const) {
    it(`is written as the training goes on, and at its end, from ${kind}`, async () => {
      const { live, last } = await train(at(`${kind}/report.html`), kind);
      assert.ok(live.includes('Training goes on: 1 of 2 epochs'));
      assert.ok(!last.includes('Training goes on: '));
      for (const page of [live, last]) {
        for (const part of [
          'A &lt;test&gt;',
          'Each class',
          'Most uncertain',
          'A training batch',
          'What the class token',
        ]) {
          assert.ok(page.includes(part), part);
        }
        assert.equal(page.match(/<figure class="card">/g)?.length, 4);
      }
    });
  }

  it('says why a training came to no end', async () => {
    const path = at('failed.html');
    await new HtmlReport(path).fail('too early to tell');
    assert.throws(() => read(path), { code: 'ENOENT' });
  });

  it('refuses what is no path, and data that is none', () => {
    assert.throws(() => new HtmlReport(''), /Expected a path for HtmlReport/);
    assert.throws(() => new HtmlReport('x', { test: 3 as never }), /HtmlReport test/);
    assert.throws(() => new HtmlReport('x', { classNames: 'cat' as never }), /Expected a list of names/);
  });
});
