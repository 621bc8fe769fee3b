// Finds places of six lines or more that are there already, or are but for their names, numbers and strings. What repeats rightly
// is named below; what else is found fails `npm run lint`: make one of the two, or name it with the reason.
//
//   node scripts/duplicates.mjs [--all]
//     --all  tells what is named below too

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LINES = 6;
/** Words that six lines of one shape have at least: fewer are lists of fields and of options. */
const WORDS = 26;
const FOLDERS = ['lib', 'bench', 'scripts', 'web', 'native'];
const GENERATED = new Set(['lib/native-ops.ts']);

/** Files whose lines repeat rightly, and why. */
const RIGHTLY = [
  [['lib/nn/losses.ts'], 'a module each, with its own options and docstring'],
  [
    ['lib/nn/transformer-encoder.ts', 'lib/nn/transformer-decoder.ts'],
    "PyTorch's children, in its order, which values are drawn in",
  ],
  [['lib/nn/vit/vit.ts', 'lib/nn/vit/head.ts'], 'fields of the class, and the interface that its head is read through'],
  [['lib/nn/vit/vit.ts', 'lib/nn/swin/swin.ts'], 'how models are made by their names, from options of their own'],
  [['lib/train/losses/cross-entropy.ts', 'lib/train/losses/binary-cross-entropy.ts'], 'options and their checks'],
  [['bench/kernels/unfold.ts', 'bench/kernels/image2emb.ts'], 'sizes of a case'],
  [['bench/kernels/layer-norm.ts'], 'a case each, with its own counts'],
  [['native/kernels/few_rows_product.h', 'native/kernels/attention_product.h'], 'operands of two kernels'],
  [['native/ops/optimizer.cpp', 'native/ops/lamb.cpp'], 'what each step asks of its operands, and how it begins'],
  [['native/ops/cross_entropy.h'], "an op's fields and what it asks of them"],
];
const KEYWORDS = new Set(
  'return if else for of in new while function export class interface readonly this throw void auto template struct static'
    .concat(' constexpr typeof await async case break continue switch true false undefined null default const let')
    .split(' '),
);

/** A line without what tells two of one shape apart. */
function shapeOf(line) {
  return line
    .replace(/'[^']*'|"[^"]*"|`[^`]*`/g, '""')
    .replace(/\b\d[\w.']*/g, '0')
    .replace(/[A-Za-z_$][\w$]*/g, (word) => (KEYWORDS.has(word) ? word : 'x'));
}

/** The lines of a file that count, without indentation, and where they stand: no imports, comments, or lines without a letter. */
function linesOf(path) {
  const text = readFileSync(path, 'utf8').replace(/^(?:import|export) [^;]*? from '[^']*';/gm, (all) =>
    all.replace(/.+/g, ''),
  );
  const lines = text.split('\n');
  return lines
    .map((line, i) => ({ text: line.trim().replace(/\s*\/\/.*$/, ''), number: i + 1 }))
    .filter(({ text }) => /[a-z]/i.test(text) && !/^(#|\*|\/\*|\/\/|namespace|using)/.test(text));
}

/** What a window of lines is known by; undefined where it says too little to be compared. */
const KEYS = {
  equal: (lines) => lines.join('\n'),
  'of one shape': (lines) => {
    const shapes = lines.map(shapeOf);
    const words = shapes.join(' ').match(/\w+/g)?.length ?? 0;
    return new Set(shapes).size === LINES && words >= WORDS ? shapes.join('\n') : undefined;
  },
};

const FILES = FOLDERS.flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, name)))
  // The tests of native/ stand alone; a tool's packages lie in a folder of scripts/.
  .filter((path) => /\.(ts|mjs|h|cpp)$/.test(path) && !GENERATED.has(path) && !/^native.tests|node_modules/.test(path))
  .map((path) => ({ path, lines: linesOf(path) }));

/** Pairs of places that are `kind`. */
function pairs(kind) {
  const first = new Map();
  const found = [];
  for (const { path, lines } of FILES) {
    let end = 0; // of what was found last
    for (let i = 0; i + LINES <= lines.length; i++) {
      const window = lines.slice(i, i + LINES);
      const key = KEYS[kind](window.map(({ text }) => text));
      if (key === undefined) continue;
      const before = first.get(key);
      if (before === undefined) first.set(key, { path, number: window[0].number });
      else if (i >= end) {
        found.push({ kind, path, number: window[0].number, before });
        end = i + LINES;
      }
    }
  }
  return found;
}

const reasonOf = ({ path, before }) =>
  RIGHTLY.find(([files]) => files.includes(path) && files.includes(before.path))?.[1];

const found = Object.keys(KEYS).flatMap(pairs);
const wrong = found.filter((pair) => reasonOf(pair) === undefined);
for (const pair of process.argv.includes('--all') ? found : wrong) {
  const { kind, path, number, before } = pair;
  const reason = reasonOf(pair);
  console.log(
    `${path}:${number} and ${before.path}:${before.number} are ${kind}${reason === undefined ? '' : ` (${reason})`}`,
  );
}
for (const [files, reason] of RIGHTLY) {
  const repeats = found.some(({ path, before }) => files.includes(path) && files.includes(before.path));
  if (!repeats) console.log(`${files.join(' and ')} repeat nothing any more: take them off the list (${reason})`);
  if (!repeats) process.exitCode = 1;
}
if (wrong.length > 0) process.exitCode = 1;
