// What scripts/generate.mjs writes, as text: an interface for each op's argument, and the functions that hand the fields on
// in the order in which the addon reads them.

const NUMBERS = new Set(['int', 'int32_t', 'int64_t', 'uint32_t', 'float', 'double']);

const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

/** A C++ type in TypeScript, and how its value goes to the addon. */
function translate(type, aliases) {
  const vector = /^std::vector<(.+)>$/.exec(type)?.[1];
  const array = /^(\w+)\[(\d+)\]$/.exec(type);
  const same = (text) => ({ text, argument: (value) => value });
  if (/^(In|Out)<Floats>$/.test(type)) return { text: 'Operand', argument: (value) => `floats(${value})` };
  if (/^Optional(In|Out)<Floats>$/.test(type))
    return { text: 'Operand | undefined', argument: (value) => `floats(${value})` };
  if (/^(In|Out)<\w+>$/.test(type)) return { text: 'Operand', argument: (value) => `${value}.handle` };
  if (/^Optional(In|Out)<\w+>$/.test(type))
    return { text: 'Operand | undefined', argument: (value) => `${value}?.handle ?? 0` };
  if (NUMBERS.has(type)) return same('number');
  if (type === 'bool') return same('boolean');
  if (type === 'Dims') return same('readonly number[]');
  if (aliases.has(type)) return translate(aliases.get(type), aliases);
  if (vector !== undefined && /^(In|Out)<\w+>$/.test(vector))
    return { text: 'readonly Operand[]', argument: (value) => `handlesOf(${value})` };
  if (vector !== undefined && /^Optional(In|Out)<\w+>$/.test(vector))
    return { text: 'readonly (Operand | undefined)[]', argument: (value) => `handlesOf(${value})` };
  if (vector !== undefined && NUMBERS.has(vector)) return same('readonly number[]');
  if (array !== null && NUMBERS.has(array[1]))
    return same(`readonly [${Array.from({ length: Number(array[2]) }, () => 'number').join(', ')}]`);
  throw new Error(`Expected a type that an op's field may have but received ${type}.`);
}

/** The type of the member that an expression of `OP` begins with or ends in: of `inputs.steps`, that of `steps`. */
function memberOf(struct, expression, structs) {
  const [first, rest] = expression.split('.');
  const name = first.replace(/\[\d+\]$/, '');
  const type = struct.members.get(name);
  if (type === undefined) throw new Error(`Expected a member ${name} of ${struct.name}, which its OP names.`);
  if (rest === undefined) return { name: camel(name), type };
  return memberOf(structs.get(type), rest, structs);
}

/** An interface's fields, each once, and the addon's arguments. */
function describe(struct, value, { structs, aliases }) {
  const fields = new Map();
  const args = [];
  const nested = new Set();
  for (const expression of struct.fields) {
    const { name, type } = memberOf(struct, expression, structs);
    if (structs.get(type)?.fields !== undefined) {
      const inner = describe(structs.get(type), `${value}.${name}`, { structs, aliases });
      for (const part of [...inner.nested, type]) nested.add(part);
      fields.set(name, type);
      args.push(...inner.args);
    } else {
      const { text, argument } = translate(type, aliases);
      fields.set(name, text);
      args.push(argument(`${value}.${name}${/\[\d+\]$/.exec(expression)?.[0] ?? ''}`));
    }
  }
  return { fields, args, nested };
}

/** The struct's comment, with members' names as TypeScript has them. */
function docstring({ comment, members }) {
  const lines = comment.map((line) => line.replace(/\w+/g, (word) => (members.has(word) ? camel(word) : word)));
  if (lines.length < 2) return lines.map((line) => `/** ${line} */\n`).join('');
  return `/**\n${lines.map((line) => ` * ${line}\n`).join('')} */\n`;
}

function interfaceOf(struct, fields) {
  const comment = docstring(struct);
  const lines = [...fields].map(([name, type]) => `  readonly ${name}: ${type};`);
  return `${comment}export interface ${struct.name} {\n${lines.join('\n')}\n}\n`;
}

/** The fields of an op that are float32 and nothing else, for those that read and that write. */
function floatOperands(op, { structs }) {
  const named = (pattern) =>
    op.fields
      .map((expression) => memberOf(op, expression, structs))
      .filter(({ type }) => pattern.test(type))
      .map(({ name }) => `'${name}'`);
  const reads = named(/^(Optional)?In<float>$/);
  const writes = named(/^(Optional)?Out<float>$/);
  return reads.length + writes.length === 0 ? [] : [`  ${op.op}: { reads: [${reads}], writes: [${writes}] },`];
}

/** The file, for the ops and structs of `readOps`. */
export function nativeOps(read) {
  const described = read.ops.map((op) => ({ op, ...describe(op, 'o', read) }));
  const nested = [...new Set(described.flatMap((each) => [...each.nested]))].map((name) => read.structs.get(name));
  const parts = nested.map((struct) => interfaceOf(struct, describe(struct, '', read).fields));
  return `// Written by scripts/generate.mjs from the structs in native/ops/*.h; \`npm run generate\` writes it again.

/** A storage as the addon knows it. */
export type Handle = number;

/** What an op reads or writes: a tensor, or whatever else has a storage. */
export interface Operand {
  readonly handle: Handle;
  /** Of a tensor. */
  readonly dtype?: string;
  /** Its elements. */
  readonly size?: number;
}

${[...parts, ...described.map(({ op, fields }) => interfaceOf(op, fields))].join('\n')}
/** The addon's ops. They only enqueue. */
export interface NativeOps {
${described.map(({ op }) => `  ${op.op}(o: ${op.name}): void;`).join('\n')}
}

/** The addon's own functions: the fields in order, 0 for an operand that is absent. */
export type AddonOps = Readonly<Record<keyof NativeOps, (...fields: (number | boolean | readonly number[])[]) => void>>;

/** The operands of each op that it knows as float32 alone. */
export const FLOAT_OPERANDS: Readonly<Record<string, { reads: string[]; writes: string[] }>> = {
${read.ops.flatMap((op) => floatOperands(op, read)).join('\n')}
};

/** Floats of either kind: those of bfloat16 come with a minus. */
const floats = (operand: Operand | undefined): Handle =>
  operand === undefined ? 0 : operand.dtype === 'bfloat16' ? -operand.handle : operand.handle;

const handlesOf = (operands: readonly (Operand | undefined)[]): Handle[] =>
  operands.map((operand) => operand?.handle ?? 0);

export function bindOps(addon: AddonOps): NativeOps {
  return {
${described.map(({ op, args }) => `    ${op.op}: (o) => addon.${op.op}(${args.join(', ')}),`).join('\n')}
  };
}
`;
}
