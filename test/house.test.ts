import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../lib/native.js';

// The house as docs/architecture.md draws it, held against what its files import.

/** The floors of lib/, lowest first; a file may import from its own and those below. */
const TYPESCRIPT = [
  ['base', 'autograd'],
  ['ops'],
  ['onnx'],
  ['nn'],
  ['optim'],
  ['io'],
  ['data'],
  ['train'],
  ['features'],
  ['render'],
  ['report'],
  ['surface'],
  ['cli'],
];
const NATIVE = [['runtime'], ['kernels'], ['gemm'], ['ops'], ['binding']];

/** Files right in lib/ that stand above its folders: the public surface, and what gives tensors their methods. */
const SURFACE = ['index.ts', 'methods.ts'];

/** Names of libraries that only native/gemm may know. */
const PROVIDERS = /openblas|onednn|dnnl|cblas|accelerate/i;

const MOST_LINES = 300;
const MOST_LINES_OF_A_FUNCTION = 60;

/** Files longer than that, and why they may be. */
const LONG_FILES: Readonly<Record<string, string>> = {
  'lib/native-ops.ts': 'generated',
};

/** Functions longer than that, by file, and why they may be. */
const LONG_FUNCTIONS: Readonly<Record<string, string>> = {
  'lib/native-ops.ts': 'generated',
};

/** The files of a folder, but not others' packages in it, whose name has one of these endings, as paths from the root. */
function filesOf(folder: string, endings: RegExp): string[] {
  return readdirSync(join(packageRoot, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(packageRoot.length + 1))
    .filter((file) => !/[\\/]node_modules[\\/]/.test(file))
    .sort();
}

/** Comments may tell what was measured against whom. */
const withoutComments = (text: string): string => text.replace(/\/\/.*$/gm, '');

const linesOf = (file: string): string[] => readFileSync(join(packageRoot, file), 'utf8').trimEnd().split('\n');

/** What a file of lib/ imports from lib/; `types`: also what is gone when it runs. */
function importsOf(file: string, types: boolean): string[] {
  const text = readFileSync(join(packageRoot, file), 'utf8');
  const statements =
    /^(?:import|export)\b(?<type> type\b)?[^;]*?from '(?<from>\.[^']+)';|\bimport\('(?<lazy>\.[^']+)'\)|^import '(?<bare>\.[^']+)'/gm;
  return [...text.matchAll(statements)].flatMap(({ groups = {} }) => {
    if (groups.type !== undefined && !types) return [];
    const path = groups.from ?? groups.lazy ?? groups.bare ?? '';
    return [join(dirname(file), path).replace(/\.js$/, '.ts')];
  });
}

function includesOf(file: string): string[] {
  return linesOf(file).flatMap((line) => {
    const path = /^#include "([^"]+)"/.exec(line)?.[1];
    return path === undefined ? [] : [`native/${path}`];
  });
}

/** Every arrow of a graph that leads to a higher floor, as text. */
function upward(
  graph: ReadonlyMap<string, readonly string[]>,
  floors: readonly (readonly string[])[],
  roomOf: (file: string) => string,
): string[] {
  const floorOf = (file: string): number => {
    const floor = floors.findIndex((rooms) => rooms.includes(roomOf(file)));
    assert.ok(floor >= 0, `${file} stands on no floor: write its folder into the table, and into docs/architecture.md`);
    return floor;
  };
  return [...graph].flatMap(([file, targets]) =>
    targets.filter((target) => floorOf(target) > floorOf(file)).map((target) => `${file} -> ${target}`),
  );
}

/** The files that can be reached from themselves. */
function inCircles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const reaches = (from: string): boolean => {
    const seen = new Set<string>();
    const open = [...(graph.get(from) ?? [])];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (at === from) return true;
      if (!seen.has(at)) open.push(...(graph.get(at) ?? []));
      seen.add(at);
    }
    return false;
  };
  return [...graph.keys()].filter(reaches);
}

/** Whether the statement that ends in `{` begins a function, in formatted TypeScript or C++. */
function beginsFunction(statement: string, cpp: boolean): boolean {
  const text = statement.trim();
  const keyword =
    /^(?:\}?\s*(?:else\s+)?(?:if|for|while|switch|catch|try|do|else)\b|namespace|struct|class|enum|extern|export (?:abstract )?class)/;
  if (keyword.test(text) || /^[#*]/.test(text)) return false;
  if (cpp) return /\)[^()=]*\{$/.test(text) || /\]\s*(?:\(.*\))?[^=]*\{$/.test(text);
  return /=>\s*\{$/.test(text) || /\)(?:: [^={]*(?:\{[^}]*\})?[^={]*)?\s*\{$/.test(text);
}

/** Functions and how many lines they have, by the indentation that the formatters keep. */
function functionsOf(file: string): { at: string; lines: number }[] {
  const lines = linesOf(file);
  const cpp = /\.(h|cpp)$/.test(file);
  const indent = (line: string): number => line.length - line.trimStart().length;
  return lines.flatMap((line, end) => {
    if (!/\{$/.test(line)) return [];
    const depth = indent(line);
    // A signature of several lines ends in a line that closes it, or, in C++, is indented further.
    let begin = end;
    while (begin > 0 && (/^\s*[)}\]]/.test(lines[begin]) || (cpp && /^ {4,}\S/.test(lines[begin]) && depth === 0)))
      begin--;
    if (/^\s*[)}\]]/.test(line))
      begin = lines.findLastIndex((other, i) => i < end && indent(other) === depth && other.trim() !== '');
    const statement = lines.slice(begin, end + 1).join(' ');
    const close = lines.findIndex(
      (other, i) => i > end && other !== '' && indent(other) <= depth && /^\s*\}/.test(other),
    );
    if (close < 0 || !beginsFunction(statement, cpp)) return [];
    return [{ at: `${file}:${begin + 1}`, lines: close - begin + 1 }];
  });
}

describe('the house', () => {
  const code = [
    ...filesOf('lib', /\.ts$/),
    ...filesOf('bench', /\.ts$/),
    ...filesOf('web', /\.(ts|css)$/),
    ...filesOf('scripts', /\.mjs$/),
    ...filesOf('native', /\.(h|cpp)$/).filter((file) => !file.startsWith('native/tests/')),
  ];

  it('has no arrow upward and no circle in lib/', () => {
    const files = filesOf('lib', /\.ts$/);
    const graph = new Map(files.map((file) => [file, importsOf(file, true)]));
    const roomOf = (file: string): string => {
      const [, room = '', rest] = file.split('/');
      if (rest !== undefined) return room;
      return SURFACE.includes(room) ? 'surface' : 'base';
    };
    assert.ok([...graph.values()].flat().length > graph.size, 'the imports were read');
    assert.deepEqual(upward(graph, TYPESCRIPT, roomOf), []);
    // A type may name the class that uses it: that binds no file to run before another.
    const running = new Map(files.map((file) => [file, importsOf(file, false)]));
    assert.deepEqual(inCircles(running), []);
  });

  it('has no arrow upward and no circle in native/', () => {
    const files = filesOf('native', /\.(h|cpp)$/).filter((file) => !file.startsWith('native/tests/'));
    // A kernel's file includes itself, once for each instruction set.
    const graph = new Map(files.map((file) => [file, includesOf(file).filter((target) => target !== file)]));
    assert.ok([...graph.values()].flat().length > graph.size, 'the includes were read');
    assert.deepEqual(
      upward(graph, NATIVE, (file) => file.split('/')[1] ?? ''),
      [],
    );
    assert.deepEqual(inCircles(graph), []);
  });

  it('names the libraries of products in native/gemm alone', () => {
    const rooms = ['kernels', 'ops', 'runtime'].flatMap((room) => filesOf(`native/${room}`, /\.(h|cpp)$/));
    const naming = rooms.filter((file) => PROVIDERS.test(withoutComments(linesOf(file).join('\n'))));
    assert.deepEqual(naming, []);
  });

  it('names sources in docstrings by @see', () => {
    const docstrings = [...filesOf('lib', /\.ts$/), ...filesOf('web', /\.ts$/)].flatMap((file) =>
      [...readFileSync(join(packageRoot, file), 'utf8').matchAll(/\/\*\*(?:(?!\*\/)[\s\S])*\*\//g)].map(([text]) => ({
        file,
        text,
      })),
    );
    assert.ok(docstrings.filter(({ text }) => text.includes('@see')).length > 300, 'the docstrings were read');
    assert.deepEqual(
      docstrings.filter(({ text }) => /\b(?:Sources?|Counterparts?): /.test(text)),
      [],
    );
  });

  it(`has no file of more than ${MOST_LINES} lines`, () => {
    const long = code.filter((file) => linesOf(file).length > MOST_LINES && LONG_FILES[file] === undefined);
    assert.deepEqual(
      long.map((file) => `${file}: ${linesOf(file).length}`),
      [],
    );
  });

  it(`has no function of more than ${MOST_LINES_OF_A_FUNCTION} lines`, () => {
    const functions = code.flatMap(functionsOf);
    assert.ok(functions.length > 2000, `the functions were found: ${functions.length}`);
    const long = functions.filter(({ lines }) => lines > MOST_LINES_OF_A_FUNCTION);
    const isKnown = ({ at }: { at: string }): boolean => LONG_FUNCTIONS[at.replace(/:\d+$/, '')] !== undefined;
    assert.deepEqual(
      long.filter((one) => !isKnown(one)),
      [],
    );
  });
});
