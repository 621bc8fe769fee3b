// What takes the place of a late source where an early one imports it: functions of the same names that load its part when they
// are called, and namespaces whose members do when they are asked for. Anything else that an early source takes of a late one (a
// class, a number) is an error of the bundler's: it would have to be there at once.

import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { partOf } from './parts.mjs';

const LOADER = './late.js';
const NAMESPACE = /^export \* as (\w+) from '([^']+)';$/gm;

const sourceOf = (importer, path) => relative('.', resolve(dirname(importer), path)).replace(/\.js$/, '.ts');
const nameOf = (source) => source.replace(/\W/g, '_');
const functionsOf = (source) => [
  ...new Set(
    [...readFileSync(source, 'utf8').matchAll(/^export (?:async )?function\*? (\w+)/gm)].map(([, name]) => name),
  ),
];

/**
 * The sources that load with `root`, and of each part the sources by which it is entered.
 *
 * @param inputs the metafile's
 * @param entries late sources that are entries themselves
 */
export function divide(inputs, root, entries) {
  const early = new Set([root]);
  const parts = {};
  const enter = (source) => {
    parts[partOf(source)] ??= new Set();
    parts[partOf(source)].add(source);
  };
  for (const source of early) {
    for (const { path, kind, external } of inputs[source].imports) {
      if (external || kind !== 'import-statement') continue;
      if (partOf(path) === undefined) early.add(path);
      else enter(path);
    }
  }
  entries.filter((source) => partOf(source) !== undefined).forEach(enter);
  return { early, parts };
}

/** The late sources that early ones take whole, as a namespace. */
export const namespacesOf = (early) =>
  [...early].flatMap((importer) =>
    [...readFileSync(importer, 'utf8').matchAll(NAMESPACE)]
      .map(([, , path]) => sourceOf(importer, path))
      .filter((source) => partOf(source) !== undefined),
  );

const linkTo = (part) => `import { late, namespaceOf } from '${LOADER}';
export const part = () => late(import('late-part:${part}'));
export { namespaceOf };
`;
const loading = (part) => `import { part, namespaceOf } from 'late-link:${part}';\n`;

function stubOf(source, exportsOf) {
  const at = `part().${nameOf(source)}`;
  const functions = functionsOf(source).map(
    (name) => `export function ${name}(...values) { return ${at}.${name}(...values); }\n`,
  );
  const members = exportsOf.get(source);
  const namespace = members && `export const namespace = namespaceOf(() => ${at}, ${JSON.stringify(members)});\n`;
  return `${loading(partOf(source))}${functions.join('')}${namespace ?? ''}`;
}

const entryOf = (source, exportsOf) => `${loading(partOf(source))}
export const { ${exportsOf.get(source).join(', ')} } = part().${nameOf(source)};
`;

/**
 * @param early see `divide`
 * @param parts likewise
 * @param exportsOf the names that late entries and namespaces export
 * @param root what every part needs loaded
 */
export const lateParts = ({ early, parts }, exportsOf, root) => ({
  name: 'late-parts',
  setup({ onLoad, onResolve }) {
    const resolveDir = resolve('.');
    const load = (namespace, contentsOf) =>
      onLoad({ filter: /.*/, namespace }, ({ path }) => ({ contents: contentsOf(path), resolveDir, loader: 'js' }));
    const rooted = `import ${JSON.stringify(resolve(root))};\n`;

    onResolve({ filter: /^\.\/late\.js$/ }, ({ path }) => ({ path, external: true }));
    onResolve({ filter: /^late-(link|part):/ }, ({ path }) => {
      const [namespace, part] = path.split(':');
      return { path: part, namespace };
    });
    load('late-link', linkTo);
    load('late-part', (part) => {
      const sources = [...parts[part]].map(
        (source) => `export * as ${nameOf(source)} from ${JSON.stringify(resolve(source))};\n`,
      );
      return rooted + sources.join('');
    });

    load('late-entry', (source) => rooted + entryOf(source, exportsOf));

    onResolve({ filter: /^\.\.?\// }, ({ path, importer, kind }) => {
      const source = sourceOf(importer, path);
      if (partOf(source) === undefined) return undefined;
      if (kind === 'dynamic-import' || kind === 'entry-point') return { path: source, namespace: 'late-entry' };
      if (!early.has(relative('.', importer))) return undefined;
      return { path: source, namespace: 'late-stub', sideEffects: false };
    });
    load('late-stub', (source) => stubOf(source, exportsOf));

    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      if (!early.has(relative('.', path))) return undefined;
      const isEntry = exportsOf.has(relative('.', path)) && relative('.', path) !== root;
      const contents = readFileSync(path, 'utf8').replace(NAMESPACE, (line, name, from) =>
        partOf(sourceOf(path, from)) === undefined ? line : `export { namespace as ${name} } from '${from}';`,
      );
      return { contents: isEntry ? `${contents}\n${rooted}` : contents, loader: 'ts' };
    });
  },
});

/** The sources that lead to all of the library. */
export const libraryOf = ({ parts }, root) => [root, ...Object.values(parts).flatMap((sources) => [...sources])];
