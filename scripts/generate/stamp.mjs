// The stamp of the interface between the addon and its TypeScript, a digest of all that one side must know of the other: the ops'
// fields in order, with their types, what lib/native.ts says of the addon's other functions and of the numbers that both share, and what the
// addon's own sources say of these: its enumerations, and the tables whose places are numbers. An addon that was built before a
// renumbering would otherwise compute another function.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/** The text without comments and layout, which change nothing. */
const plain = (text) => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').replace(/\s+/g, ' ');

const ENUMERATION = /^enum class \w+[^{;]*\{[^}]*\}/gm;
/** Where else an op's number is a place. */
const TABLES = {
  'native/gemm/gemm.h': /^enum class Precision \{[^}]*\}/gm,
  'native/kernels/binary-inl.h': /^using BinaryOps = [^;]*;/gm,
  'native/kernels/unary-inl.h': /^using Unary = [^;]*;/gm,
  'native/ops/gather.cpp': /^constexpr const char\* kIndexed\[\] = [^;]*;/gm,
  'native/ops/row_reduce.cpp': /^constexpr Reduction kReductions\[\] = [^;]*;/gm,
};

/** The numbers of the addon's sources in `root`, as these write them. */
export function readNumbers(root) {
  const found = (path, pattern) => (readFileSync(`${root}${path}`, 'utf8').match(pattern) ?? []).map(plain);
  const tables = Object.entries(TABLES).map(([path, pattern]) => {
    const texts = found(path, pattern);
    if (texts.length !== 1) throw new Error(`Expected one ${pattern} in ${path} but found ${texts.length}.`);
    return texts[0];
  });
  const sources = readdirSync(`${root}native/ops`).filter((file) => /\.(h|cpp)$/.test(file));
  return [...tables, ...sources.sort().flatMap((file) => found(`native/ops/${file}`, ENUMERATION))];
}

/** What `lib/native.ts` says of the addon. */
function declared(source) {
  const [start, end] = [source.indexOf('export const ACTIVATION'), source.indexOf('const { addon, path }')];
  if (start < 0 || end < start) {
    throw new Error('Expected lib/native.ts to name numbers from ACTIVATION on, and then to load the addon.');
  }
  return plain(source.slice(start, end));
}

/** Sixteen hexadecimal digits, for what `readOps` and `readNumbers` give and the text of `lib/native.ts`. */
export function stampOf({ ops, structs, aliases }, numbers, nativeSource) {
  const fieldsOf = ({ fields, members }) =>
    fields.map((field) => [field, members.get(field.replace(/[.[].*/, '')) ?? '']);
  const nested = [...structs.values()].filter(({ op, fields }) => op === undefined && fields !== undefined);
  const described = {
    ops: ops.map((struct) => [struct.op, fieldsOf(struct)]),
    nested: nested.map((struct) => [struct.name, fieldsOf(struct)]),
    aliases: [...aliases],
    numbers,
    declared: declared(nativeSource),
  };
  return createHash('sha256').update(JSON.stringify(described)).digest('hex').slice(0, 16);
}

const HEAD = `// Written by scripts/generate.mjs: what the addon and its TypeScript know of each
// other, as a digest.
`;

/** The two files that hold the stamp, by their paths. */
export const stampFor = (stamp) => ({
  'lib/native-interface.ts': `${HEAD}
export const INTERFACE = '${stamp}';
`,
  'native/binding/interface.h': `${HEAD}#pragma once

namespace vitrine::binding {

inline constexpr char kInterface[] = "${stamp}";

}  // namespace vitrine::binding
`,
});
