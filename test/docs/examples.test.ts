import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { packageRoot } from '../../lib/native.js';
import { childEnvironment } from '../child-environment.js';

const run = promisify(execFile);
const library = pathToFileURL(join(packageRoot, 'dist/lib/index.js')).href;

/** The TypeScript of a page. What stands there is plain JavaScript too, so it runs as it is. */
function examplesOf(page: string): string[] {
  const text = readFileSync(join(packageRoot, page), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => match[1] ?? '');
}

describe('the examples of the documentation', function () {
  this.timeout(120_000);
  let folder: string;

  // A folder with what the examples name: the digits, and a small checkpoint in the place of a large one.
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'vitrine-examples-'));
    symlinkSync(join(packageRoot, 'data'), join(folder, 'data'));
    const checkpoint = join(folder, 'vit-base-patch16-224');
    cpSync(join(packageRoot, 'test/golden/hf-vit'), checkpoint, { recursive: true });
    // Published folders say how images are prepared; of one that does not, a warning says what is assumed.
    const processor = {
      do_resize: true,
      size: { height: 32, width: 32 },
      resample: 2,
      image_mean: [0.5],
      image_std: [0.5],
    };
    writeFileSync(join(checkpoint, 'preprocessor_config.json'), JSON.stringify(processor));
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

  it('are found', () => assert.ok(examplesOf('README.md').length >= 4));
});
