// The stamp of the interface between the addon and its TypeScript, a digest of all that one side must know of the other: the ops'
// fields in order, with their types, and what lib/native.ts says of the addon's other functions and of the numbers that both share.

import { createHash } from 'node:crypto';

/** What `lib/native.ts` says of the addon, without comments and layout, which change nothing. */
function declared(source) {
  const [start, end] = [source.indexOf('export const ACTIVATION'), source.indexOf('const { addon, path }')];
  if (start < 0 || end < start) {
    throw new Error('Expected lib/native.ts to name numbers from ACTIVATION on, and then to load the addon.');
  }
  const text = source.slice(start, end).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  return text.replace(/\s+/g, ' ');
}

/** Sixteen hexadecimal digits, for what `readOps` gives and the text of `lib/native.ts`. */
export function stampOf({ ops, structs, aliases }, nativeSource) {
  const fieldsOf = ({ fields, members }) =>
    fields.map((field) => [field, members.get(field.replace(/[.[].*/, '')) ?? '']);
  const nested = [...structs.values()].filter(({ op, fields }) => op === undefined && fields !== undefined);
  const described = {
    ops: ops.map((struct) => [struct.op, fieldsOf(struct)]),
    nested: nested.map((struct) => [struct.name, fieldsOf(struct)]),
    aliases: [...aliases],
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
