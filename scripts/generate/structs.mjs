// Reads the structs of native/ops/*.h: which are ops, and the types of what their `OP` lists, in order. It knows the
// little C++ that such a struct is declared in, and refuses by name what it does not know.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the parenthesis or brace closes that opens at `open`. */
function closing(text, open) {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if ('{('.includes(text[i])) depth++;
    if ('})'.includes(text[i]) && --depth === 0) return i;
  }
  throw new Error(`Expected a closing brace after \`${text.slice(open, open + 40)}\` but there is none.`);
}

/** The text without what stands in braces: a struct's body without those of its functions. */
function outermost(text) {
  const open = text.indexOf('{');
  return open < 0 ? text : `${text.slice(0, open)};${outermost(text.slice(closing(text, open) + 1))}`;
}

/** The comment that ends right before `at`, in lines. */
function commentBefore(source, at) {
  const lines = source.slice(0, at).trimEnd().split('\n');
  const first = lines.findLastIndex((line) => !line.startsWith('//')) + 1;
  return lines.slice(first).map((line) => line.replace(/^\/\/ ?/, ''));
}

const withoutComments = (text) => text.replace(/\/\/.*$/gm, '');

/** Each member's type by its name: `int64_t a, b[2];` gives `int64_t` and `int64_t[2]`. */
function members(body) {
  const found = new Map();
  for (const statement of outermost(body).split(';')) {
    const declaration = /^\s*(?:(?:public|private):\s*)?([\w:]+(?:<.*>)?)\s+([\w\s,=[\].-]+)$/s.exec(statement);
    if (declaration === null) continue;
    for (const declarator of declaration[2].split(',')) {
      const [, name, array = ''] = /^\s*(\w+)\s*(\[\d+\])?/.exec(declarator) ?? [];
      if (name !== undefined) found.set(name, declaration[1] + array);
    }
  }
  return found;
}

/** What `OP` or `FIELDS` lists: expressions such as `rows`, `inputs.steps` and `kernel[0]`; and the op's name. */
function listed(body) {
  const [, op, list] = /^\s*(?:OP\("(\w+)",|FIELDS\()([^()]*)\);/m.exec(body) ?? [];
  return { op, fields: list?.split(',').map((field) => field.trim()) };
}

function structsOf(source) {
  return [...source.matchAll(/^struct (\w+) \{/gm)].map((found) => {
    const open = found.index + found[0].length - 1;
    const body = withoutComments(source.slice(open + 1, closing(source, open)));
    return {
      name: found[1],
      comment: commentBefore(source, found.index),
      members: members(body),
      ...listed(body),
    };
  });
}

/**
 * The ops that all_ops.h names, in its order, and all that is declared beside them.
 *
 * @returns `ops`: structs of { name, comment, op, members, fields }; `structs`: all of them by name; `aliases`: what
 *   `using A = B;` says
 */
export function readOps(folder) {
  const files = readdirSync(folder).filter((file) => file.endsWith('.h'));
  const sources = files.sort().map((file) => readFileSync(join(folder, file), 'utf8'));
  const structs = new Map(sources.flatMap(structsOf).map((struct) => [struct.name, struct]));
  const aliases = new Map(
    sources.flatMap((text) => [...text.matchAll(/^using (\w+) = (\w+);/gm)].map((m) => [m[1], m[2]])),
  );
  const list = /OpList<([\w\s,]+)>;/.exec(readFileSync(join(folder, 'all_ops.h'), 'utf8'))[1];
  const ops = list.split(',').map((entry) => {
    const struct = structs.get(entry.trim());
    if (struct?.op === undefined || struct.fields === undefined)
      throw new Error(`Expected a struct with an OP(...) for ${entry.trim()}, which all_ops.h names.`);
    return struct;
  });
  return { ops, structs, aliases };
}
