// Makes late chunks CommonJS, and has the others get them by late.js.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { StepError } from '../setup/step.mjs';
import { reachedFrom } from './reached-from.mjs';

const IMPORT = /^import (?:((?:\w+, )?\{[^}]*\}|\* as \w+|\w+) from )?"([^"]+)";$/gm;
const EXPORT = /^export \{([^}]*)\};$/m;
const LOAD = /\b(late\d*)\(import\("\.\/([^"]+)\.js"\)\)/g;

/** Variables of what a statement imports, taken from `exports`: of `whole, { a, b as c }` they are `whole, { a, b: c } = whole`. */
function variables(names, exports) {
  const [, whole, some] = /^(?:(?:\* as )?(\w+))?(?:, )?(\{[^}]*\})?$/.exec(names);
  const pattern = some?.replaceAll(/\b(\w+) as (\w+)/g, '$1: $2');
  if (whole === undefined) return `var ${pattern} = ${exports};`;
  return `var ${whole} = ${exports}${pattern === undefined ? '' : `, ${pattern} = ${whole}`};`;
}

const lateName = (file) => basename(file).replace(/\.js$/, '.cjs');
const loadBy = (text) => text.replaceAll(LOAD, (_, late, name) => `${late}("${name}.cjs")`);

/** A module as CommonJS: a function, run once, of what gives other chunks. In brackets, so that V8 compiles it at once. */
function asCommonJs(text, nameOf, file) {
  const body = text.replaceAll(IMPORT, (line, names, from) => {
    const chunk = nameOf(from);
    if (names === undefined) return '';
    if (/\bdefault as\b/.test(names))
      throw new StepError(`Expected no default among the imports of ${file} but found ${line}`);
    return variables(names, chunk === undefined ? `require("${from}")` : `$chunk("${chunk}")`);
  });
  const results = EXPORT.exec(body)?.[1] ?? '';
  const named = results.replaceAll(/(\w+)(?: as (\w+))?/g, (_, local, name) => `${name ?? local}: ${local}`);
  const inner = body
    .replace(EXPORT, '')
    .replaceAll('import.meta.url', 'require("node:url").pathToFileURL(__filename).href');
  return `"use strict";\nmodule.exports = (function ($chunk) {\n${inner.trimEnd()}\nreturn {${named}};\n});\n`;
}

/**
 * An early module, with functions of files taken from node:fs itself: what imports that as a module has Node.js load its streams,
 * to export them, 7 of 88 ms of an import.
 */
const withoutStreams = (text) =>
  text.replaceAll(IMPORT, (line, names, from) =>
    from === 'node:fs' ? variables(names, `process.getBuiltinModule("${from}")`) : line,
  );

/** A module that gets late chunks' exports by late.js, for which it loads the early ones that these need. */
function asUser(text, isLate, needs, up) {
  let first = true;
  return text.replaceAll(IMPORT, (line, names, from) => {
    if (!isLate(from)) return line;
    const before = first
      ? [`import { late as lateChunk } from "${up}late.js";`, ...needs.map((file) => `import "${up}${file}";`)]
      : [];
    first = false;
    const taken = names === undefined ? [] : [variables(names, `lateChunk("${lateName(from)}")`)];
    return [...before, ...taken].join('\n');
  });
}

/** @returns the files that load with `index` */
export function convertChunks(outputs, out, index, isLatePart) {
  const early = reachedFrom([join(out, index)], outputs);
  const partFiles = Object.keys(outputs).filter((file) => isLatePart(outputs[file].entryPoint));
  const late = new Set([...reachedFrom(partFiles, outputs)].filter((file) => !early.has(file)));
  const needed = new Set();
  const at = (file, from) => join(dirname(file), from);
  for (const file of late) {
    for (const { path } of outputs[file].imports) if (early.has(path)) needed.add(path);
    const nameOf = (from) => {
      if (!from.startsWith('.')) return undefined;
      const path = at(file, from);
      return late.has(path) ? lateName(path) : basename(path);
    };
    writeFileSync(join(out, lateName(file)), asCommonJs(loadBy(readFileSync(file, 'utf8')), nameOf, file));
    rmSync(file);
  }
  for (const file of Object.keys(outputs).filter((path) => !late.has(path))) {
    const text = readFileSync(file, 'utf8');
    const up = `./${relative(dirname(file), out)}/`.replace('.//', './');
    const uses = outputs[file].imports.filter(({ path, kind }) => kind === 'import-statement' && late.has(path));
    const needs = [
      ...reachedFrom(
        uses.map(({ path }) => path),
        outputs,
      ),
    ].filter((path) => early.has(path));
    const converted = loadBy(
      asUser(
        text,
        (from) => late.has(at(file, from)),
        needs.map((path) => basename(path)),
        up,
      ),
    );
    const name = basename(file);
    const provided = needed.has(file)
      ? `import * as exported from "./${name}";\nimport { provide } from "./late.js";\nprovide("${name}", exported);\n`
      : '';
    writeFileSync(file, (early.has(file) ? withoutStreams(converted) : converted) + provided);
  }
  const files = [...late].map((file) => `'${lateName(file)}': () => require('./${lateName(file)}'),`).sort();
  const loader = readFileSync('scripts/bundle-library/late.js', 'utf8');
  writeFileSync(join(out, 'late.js'), loader.replace('/* late chunks */', files.join('\n  ')));
  return { early, late };
}
