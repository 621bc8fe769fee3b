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
import { type TrackingServer, trackingServer } from './tracking-server.js';

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

async function runModule(block: string, folder: string, { url }: TrackingServer): Promise<void> {
  const file = join(folder, 'example.mjs');
  const { code } = await transform(block.replaceAll("'vitrine'", `'${library}'`), { loader: 'ts', target: 'node20' });
  writeFileSync(file, code);
  const env = childEnvironment({
    ...{ MLFLOW_TRACKING_URI: url, WANDB_BASE_URL: url, WANDB_API_KEY: 'secret', WANDB_ENTITY: 'me' },
    ...{ NO_PROXY: '127.0.0.1' },
  });
  const { stderr } = await run(process.execPath, [file], { cwd: folder, env });
  assert.equal(stderr, '');
}

describe('the guides', function () {
  this.timeout(240_000);
  let tracking: TrackingServer;

  before(async () => {
    tracking = await trackingServer();
  });
  after(() => tracking.close());

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
          language === 'sh' ? runShell(text, folder) : runModule(text, folder, tracking));
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

  // After the pages' own blocks, which ran them.
  describe('watching.md, its loggers', () => {
    it('tell MLflow of a run: its parameters, losses by step, and its end', () => {
      const asked = tracking.asked('/api/2.0/mlflow/');
      const paths = asked.map(({ path }) => path.slice('/api/2.0/mlflow/'.length));
      assert.deepEqual(paths.slice(0, 4), [
        'experiments/search',
        'experiments/create',
        'runs/create',
        'runs/log-batch',
      ]);
      assert.equal(asked[2]?.body.experiment_id, '7');
      assert.deepEqual(asked[3]?.body.params, [
        { key: 'lr', value: '0.001' },
        { key: 'batchSize', value: '64' },
      ]);
      const steps = asked.slice(4, -1).map(({ body }) => {
        const [{ key, step, value, timestamp }] = body.metrics;
        assert.ok(body.run_id === 'r1' && Number.isFinite(value) && Number.isInteger(timestamp));
        return [key, step];
      });
      assert.deepEqual(steps, [...[10, 20].map((step) => ['train/loss', step]), ['test/loss', 23]]);
      const { run_id, status } = asked.at(-1)?.body ?? {};
      assert.deepEqual([paths.at(-1), run_id, status], ['runs/update', 'r1', 'FINISHED']);
    });

    it('tell Weights & Biases of a run: its settings, rows of history one after the other, and its end', () => {
      const [made] = tracking.asked('/graphql');
      assert.equal(made?.authorization, `Basic ${Buffer.from('api:secret').toString('base64')}`);
      const { project, entity, config } = made?.body.variables ?? {};
      assert.deepEqual([project, entity], ['digits', 'me']);
      assert.deepEqual(JSON.parse(config), { lr: { value: 0.001 }, batchSize: { value: 64 } });
      const stream = tracking.asked('/files/me/digits/run-1/file_stream').map(({ body }) => body);
      assert.deepEqual(stream.at(-1), { complete: true, exitcode: 0 });
      const rows = stream.slice(0, -1).map(({ files }, i) => {
        const { offset, content } = files['wandb-history.jsonl'];
        assert.deepEqual([offset, content.length], [i, 1]);
        return JSON.parse(content[0]);
      });
      assert.deepEqual(
        rows.map(({ _step, step }) => [_step, step]),
        [
          [0, 10],
          [1, 20],
          [2, 23],
        ],
      );
    });
  });
});
