// What bundles or traces programs, or transforms their modules for tests.

import assert from 'node:assert/strict';
import { mkdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packedAddon } from './pack.mjs';
import { assertStepped, Project, STEP } from './project.mjs';
import { packageOf, programOf } from './tools.mjs';

const project = (context, name, manifest) => new Project(context, name, manifest).unpack().write('step.mjs', STEP);
/** A tool's module, by the path that its package.json exports. */
const load = (name) => import(createRequire(join(packageOf(name), 'package.json')).resolve(name));

/** Moves a bundle away from what is installed: it must say what is missing. */
function assertAdvises(own, bundle) {
  mkdirSync(join(own.folder, '../alone'));
  renameSync(own.path(bundle), join(own.folder, '../alone/bundle.mjs'));
  const { stderr } = own.node(['../alone/bundle.mjs'], { fails: true });
  assert.match(stderr, /Expected vitrine's native addon for .* but none loads/);
  assert.match(stderr, /--external:vitrine/);
}

async function esbuild(context) {
  const own = project(context, 'esbuild');
  const { build } = await load('esbuild');
  const shared = {
    absWorkingDir: own.folder,
    entryPoints: ['step.mjs'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  };
  await build({ ...shared, outfile: 'out/external.mjs', external: ['vitrine'] });
  await build({ ...shared, outfile: 'out/cjs.cjs', format: 'cjs', external: ['vitrine'] });
  await build({ ...shared, outfile: 'out/bundled.mjs', external: ['sharp', 'hyparquet-compressors', '*.node'] });
  for (const file of ['external.mjs', 'cjs.cjs', 'bundled.mjs']) assertStepped(own.node([`out/${file}`]));
  assertAdvises(own, 'out/bundled.mjs');
  return `${context.versionOf('esbuild')}: external; bundled, beside the package; bundled and alone, it says what to do`;
}

async function webpack(context) {
  const own = project(context, 'webpack');
  const { default: pack } = await load('webpack');
  const shared = {
    ...{
      mode: 'production',
      target: 'node20',
      context: own.folder,
      entry: './step.mjs',
      experiments: { outputModule: true },
    },
    externalsPresets: { node: true },
  };
  const settings = {
    ...shared,
    output: { path: own.path('out'), filename: 'external.mjs', module: true, chunkFormat: 'module' },
    externals: { vitrine: 'module vitrine' },
  };
  const stats = await new Promise((resolve, reject) => {
    pack(settings, (error, result) => (error ? reject(error) : resolve(result)));
  });
  assert.equal(stats.hasErrors(), false, stats.toString());
  assertStepped(own.node(['out/external.mjs']));
  return `${context.versionOf('webpack')}: external`;
}

async function vite(context) {
  const own = project(context, 'vite', { type: 'module' });
  const { build } = await load('vite');
  const shared = { root: own.folder, logLevel: 'error', configFile: false };
  await build({ ...shared, build: { ssr: 'step.mjs', outDir: 'out/external' } });
  assertStepped(own.node(['out/external/step.js']));
  const rollupOptions = { external: ['sharp', 'hyparquet-compressors'] };
  await build({
    ...shared,
    ssr: { noExternal: true },
    build: { ssr: 'step.mjs', outDir: 'out/bundled', rollupOptions },
  });
  assertStepped(own.node(['out/bundled/step.js']));
  return `${context.versionOf('vite')}: SSR, external as it is by itself, and bundled beside the package`;
}

async function nft(context) {
  const own = project(context, 'nft');
  const { nodeFileTrace } = await load('@vercel/nft');
  const { fileList } = await nodeFileTrace([own.path('step.mjs')], { base: own.folder });
  const addon = join('node_modules/vitrine', packedAddon());
  assert.ok(fileList.has(addon), `${addon} is among ${[...fileList].join(', ')}`);
  // What was traced, and nothing else, as a standalone output has it.
  const alone = new Project(context, 'standalone');
  for (const file of fileList) {
    mkdirSync(join(alone.path(file), '..'), { recursive: true });
    own.run('cp', ['-r', own.path(file), alone.path(file)]);
  }
  assertStepped(alone.node(['step.mjs']));
  return `${context.versionOf('@vercel/nft')}: finds the binary; runs from ${fileList.size} traced files`;
}

const TEST = (from) => `${from}import { F, randn } from 'vitrine';
test('a product', async () => { expect((await F.matmul(randn([2, 2]), randn([2, 2])).data()).length).toBe(4); });
`;

function vitest(context) {
  const own = project(context, 'vitest', { type: 'module' });
  own.write('a.test.js', TEST("import { expect, test } from 'vitest';\n"));
  own.run('ln', ['-s', packageOf('vitest'), 'node_modules/vitest']);
  const { stdout } = own.node([programOf('vitest'), 'run', '--root', '.']);
  assert.match(stdout, /1 passed/);
  return context.versionOf('vitest');
}

function jest(context) {
  const own = project(context, 'jest', { type: 'module', jest: { transform: {}, testMatch: ['**/*.test.js'] } });
  own.write('a.test.js', TEST(''));
  const { stderr } = own.node(['--experimental-vm-modules', '--no-warnings', programOf('jest')]);
  assert.match(stderr, /1 passed/);
  return `${context.versionOf('jest')}, with --experimental-vm-modules`;
}

export const cases = [
  { name: 'esbuild', needs: ['esbuild'], run: esbuild },
  { name: 'webpack', needs: ['webpack'], run: webpack },
  { name: 'Vite, SSR', needs: ['vite'], run: vite },
  { name: "tracing, as Next.js's", needs: ['@vercel/nft'], run: nft },
  { name: 'Vitest', needs: ['vitest'], run: vitest },
  { name: 'Jest', needs: ['jest'], run: jest },
];
