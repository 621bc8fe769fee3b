// Lists places of six equal lines or more, in lib, bench, scripts and native: `node scripts/duplicates.mjs`. Imports,
// comments, and lines without a letter are not counted. What it finds is to be judged: signatures repeat rightly.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LINES = 6;
const FOLDERS = ['lib', 'bench', 'scripts', 'native'];
const GENERATED = new Set(['lib/native-ops.ts']);

/** The lines of a file that count, without indentation, and where they stand. */
function linesOf(path) {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines
    .map((line, i) => ({ text: line.trim().replace(/\s*\/\/.*$/, ''), number: i + 1 }))
    .filter(({ text }) => /[a-z]/i.test(text) && !/^(import|export \{|#|\*|\/\*|\/\/|namespace|using)/.test(text));
}

const first = new Map();
let found = 0;
for (const folder of FOLDERS) {
  for (const name of readdirSync(folder, { recursive: true })) {
    const path = join(folder, name);
    if (!/\.(ts|mjs|h|cpp)$/.test(name) || GENERATED.has(path)) continue;
    const lines = linesOf(path);
    let end = 0; // of what was told last
    for (let i = 0; i + LINES <= lines.length; i++) {
      const window = lines.slice(i, i + LINES);
      const key = window.map(({ text }) => text).join('\n');
      const place = `${path}:${window[0].number}`;
      const before = first.get(key);
      if (before === undefined) first.set(key, place);
      else if (i >= end) {
        console.log(`${place} is as ${before}`);
        found++;
        end = i + LINES;
      }
    }
  }
}
console.log(`${found} places of ${LINES} equal lines`);
