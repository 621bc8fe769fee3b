import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../lib/native.js';
import { childEnvironment } from '../child-environment.js';
import { codeOf, library, linkData, writeCheckpoint } from './pages.js';

const run = promisify(execFile);

function examplesOf(page: string): string[] {
  return codeOf(page, ['ts']).map(({ text }) => text);
}

describe('the examples of the documentation', function () {
  this.timeout(120_000);
  let folder: string;

  // A folder with what the examples name: the digits, and a small checkpoint in the place of a large one.
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'vitrine-examples-'));
    linkData(folder);
    writeCheckpoint(folder);
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const [i, example] of examplesOf('README.md').entries()) {
    it(`run: README.md, number ${i + 1}`, async () => {
      const file = join(folder, `example-${i}.mjs`);
      writeFileSync(file, example.replaceAll("'vitrine'", `'${library}'`));
      const { stderr } = await run(process.execPath, [file], { cwd: folder, env: childEnvironment() });
      assert.equal(stderr, '');
    });
  }

  it('run: examples/worked-example.ts', async () => {
    const { stdout } = await run(process.execPath, [join(packageRoot, 'dist/examples/worked-example.js')], {
      env: childEnvironment(),
    });
    assert.match(stdout, /patches +\(1,4,48\)\n.*logits.*\(1,10\).*loss with batchFirst: false/s);
  });

  it('run: examples/segmentation.ts, a few steps of it, with its picture', async () => {
    const picture = join(folder, 'shapes.png');
    const script = join(packageRoot, 'dist/examples/segmentation.js');
    const { stdout } = await run(process.execPath, [script, picture, '12'], { env: childEnvironment() });
    // Far from what 250 steps reach; no class known would be 0.2.
    const [, meanIoU] = /^mean IoU ([0-9.]+), pixels [0-9.]+ %\n {2}background/.exec(stdout) ?? [];
    assert.ok(Number(meanIoU) > 0.21, stdout);
    assert.deepEqual([...readFileSync(picture).subarray(1, 4)], [...Buffer.from('PNG')]);
  });

  it('run: examples/dino.ts, an epoch on the digits', async () => {
    const { stdout } = await run(process.execPath, [join(packageRoot, 'dist/examples/dino.js'), '', '1'], {
      env: childEnvironment(),
    });
    assert.match(stdout, /^random features: [0-9.]+ %\nafter 1 epochs: [0-9.]+ %\n$/);
  });

  it('are found', () => assert.ok(examplesOf('README.md').length >= 4));
});
