import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { packageRoot } from '../../lib/native.js';
import { childEnvironment } from '../child-environment.js';
import { codeOf, library, linkData, writeCheckpoint } from './pages.js';

const run = promisify(execFile);
const guides = join(packageRoot, 'docs/guides');

/** Small photographs of three colours, in folders of classes. */
async function writePhotos(folder: string): Promise<void> {
  const { default: sharp } = await import('sharp');
  const colours = { cat: '#d08020', dog: '#3060d0', frog: '#30a040' };
  for (const [name, background] of Object.entries(colours)) {
    mkdirSync(join(folder, 'photos', name), { recursive: true });
    for (let i = 0; i < 8; i++) {
      const image = sharp({ create: { width: 32 + i, height: 36, channels: 3, background } });
      await image.jpeg().toFile(join(folder, 'photos', name, `${i}.jpg`));
    }
  }
  await sharp(join(folder, 'photos/cat/0.jpg')).toFile(join(folder, 'holiday.jpg'));
}

/** Runs the lines of a shell block as they stand there, with this library's command in the place of the package's. */
async function runShell(block: string, folder: string): Promise<void> {
  const command = `"${process.execPath}" "${join(packageRoot, 'dist/lib/cli/main.js')}"`;
  const script = `set -eu\n${block.replaceAll('npx vitrine', command)}`;
  await run('sh', ['-c', script], { cwd: folder, env: childEnvironment() });
}

async function runModule(block: string, folder: string): Promise<void> {
  const file = join(folder, 'example.mjs');
  const { code } = await transform(block.replaceAll("'vitrine'", `'${library}'`), { loader: 'ts', target: 'node20' });
  writeFileSync(file, code);
  const { stderr } = await run(process.execPath, [file], { cwd: folder, env: childEnvironment() });
  assert.equal(stderr, '');
}

describe('the guides', function () {
  this.timeout(240_000);

  for (const page of readdirSync(guides)) {
    const blocks = codeOf(`docs/guides/${page}`, ['ts', 'sh']);
    if (blocks.length === 0) continue;
    describe(page, () => {
      let folder: string;

      // With what the pages name: photographs, the digits, and a small checkpoint in the place of a large one.
      before(async () => {
        folder = mkdtempSync(join(tmpdir(), 'vitrine-guides-'));
        await writePhotos(folder);
        linkData(folder);
        writeCheckpoint(folder);
      });
      after(() => rmSync(folder, { recursive: true }));

      for (const [i, { language, text }] of blocks.entries()) {
        it(`run: ${language}, number ${i + 1}`, () =>
          language === 'sh' ? runShell(text, folder) : runModule(text, folder));
      }
    });
  }

  it('link to pages that are there', () => {
    for (const page of readdirSync(guides)) {
      const links = [...readFileSync(join(guides, page), 'utf8').matchAll(/\]\(([^)#:]+)\)/g)].map(
        ([, to]) => to ?? '',
      );
      for (const to of links) assert.ok(readdirSync(guides).includes(to), `${page} links to ${to}`);
    }
  });
});
