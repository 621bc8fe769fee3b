// Bundles what is packed: each path that package.json exports, the programs and the worker's thread, as modules in dist/package
// that share chunks, so that a class is one class whatever path it was imported by. dist/lib holds the same code, a file for each
// source, with maps: that is for this tree's tests, and its declarations are the package's types.
//
// Node.js takes as long for 340 modules as for starting itself three times; for one of the same code (1.1 MB, comments left out,
// names and lines kept), twice as long as itself, most of which V8 reads and compiles, by the byte: minified, it would load 5 %
// faster, and stacks would tell nothing. So what rarely runs loads where it is first used, in the parts of
// bundle-library/parts.mjs.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from 'esbuild';
import { convertChunks } from './bundle-library/chunks.mjs';
import { resetErrors } from './bundle-library/disposal.mjs';
import { partOf } from './bundle-library/parts.mjs';
import { reachedFrom } from './bundle-library/reached-from.mjs';
import { divide, lateParts, libraryOf, namespacesOf } from './bundle-library/stubs.mjs';
import { runScript, StepError } from './setup/step.mjs';

const OUT = 'dist/package';
const PATHS = ['nn', 'data', 'io', 'render', 'train'];
const ROOT = 'lib/index.ts';

const ENTRIES = {
  index: ROOT,
  ...Object.fromEntries(PATHS.map((name) => [name, `lib/${name}/index.ts`])),
  cli: 'lib/cli/main.ts',
  bench: 'bench/main.ts',
  'contenders/vitrine': 'bench/contenders/vitrine.ts',
  'transform-worker': 'lib/data/feed/transform-worker.ts',
  'parquet-worker': 'lib/io/formats/parquet-worker.ts',
};

const OPTIONS = {
  ...{
    entryPoints: ENTRIES,
    outdir: OUT,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
  },
  ...{ packages: 'external', external: ['*.node'], chunkNames: '[name]-[hash]', metafile: true, logLevel: 'warning' },
};

const importsOf = (sources) => sources.map((source) => `import ${JSON.stringify(resolve(source))};\n`).join('');

/** The sources that load the addon when they are imported: those from which static imports lead to it. */
function importersOf(source, inputs) {
  const importers = new Map();
  for (const [path, { imports }] of Object.entries(inputs)) {
    for (const { path: target, kind } of imports) {
      if (kind === 'import-statement') importers.set(target, [...(importers.get(target) ?? []), path]);
    }
  }
  const found = new Set([source]);
  for (const path of found) for (const importer of importers.get(path) ?? []) found.add(importer);
  return found;
}

/** What each entry of a first build exports, by its source; and all sources. */
async function explore(entryPoints) {
  const { metafile } = await build({ ...OPTIONS, entryPoints, write: false });
  const entries = Object.values(metafile.outputs).filter(({ entryPoint }) => entryPoint !== undefined);
  return { inputs: metafile.inputs, exportsOf: new Map(entries.map((entry) => [entry.entryPoint, entry.exports])) };
}

/**
 * esbuild puts into one chunk what the same entries need, and entries are commands too, which are imported when they run: some
 * 70 chunks. An entry that needs the addon is given the rest of the library as well, which makes a chunk of what loads early, and
 * some of what loads late. Those that do without, `vitrine --help` and `vitrine setup` among them, stay as they are.
 */
const withMore = (more) => ({
  name: 'with-more',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const added = more.get(path);
      return added && { contents: `${readFileSync(path, 'utf8')}\n${added}`, loader: 'ts' };
    });
  },
});

/**
 * Writes what is not ASCII as escapes, where esbuild leaves it: in templates with a tag, none of which looks at its text as it is
 * written. One character more than Latin 1 has doubles the chunk in memory, and V8 takes 61 ms instead of 53 to read and compile it.
 */
const inAscii = (text) =>
  text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/**
 * Gives classes their names, which messages and summaries of models tell: of one that names itself esbuild makes
 * `var Linear = class _Linear`, and of the second of one name `Linear2`, which is refused. (`keepNames` would do it for all
 * functions too, inner ones at every call.)
 */
function nameClasses(text, file) {
  const [second] = /^var \w*[A-Za-z][2-9] = class\b/m.exec(text) ?? [];
  if (second !== undefined) {
    throw new StepError(`Expected one class of each name but ${file} has ${second}. Rename one of the two.`);
  }
  return text.replace(
    /^var (\w+) = class _\w+( extends [^{]+)? \{$/gm,
    (line, name) =>
      `${line}\n  static {\n    Object.defineProperty(this, "name", { value: "${name}", configurable: true });\n  }`,
  );
}

/** Mends what esbuild has written. */
function mend(file) {
  writeFileSync(file, nameClasses(resetErrors(inAscii(readFileSync(file, 'utf8'))), file));
}

await runScript(async () => {
  rmSync(OUT, { recursive: true, force: true });
  const entries = Object.values(ENTRIES);
  const first = await explore(entries);
  const division = divide(first.inputs, ROOT, [...first.exportsOf.keys()]);
  const { exportsOf } = await explore([...entries, ...namespacesOf(division.early)]);
  const loading = importersOf('lib/native.ts', first.inputs);
  const programs = [...first.exportsOf.keys()].filter((path) => path !== ROOT && partOf(path) === undefined);
  const light = programs.filter((path) => !loading.has(path));
  const library = importsOf(libraryOf(division, ROOT));
  const shared = importsOf([...reachedFrom(light, first.inputs)].filter((path) => division.early.has(path)));
  const more = new Map(programs.map((path) => [resolve(path), light.includes(path) ? shared : library]));
  const plugins = [lateParts(division, exportsOf, ROOT), withMore(more)];
  const { metafile } = await build({ ...OPTIONS, plugins });
  for (const file of Object.keys(metafile.outputs)) mend(file);
  convertChunks(metafile.outputs, OUT, 'index.js', (entry) => entry?.startsWith('late-part:'));
});
