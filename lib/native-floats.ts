import { FLOAT_OPERANDS, type Handle, type NativeOps, type Operand } from './native-ops.js';

/** What the addon's memory is asked for here. */
interface Memory {
  allocate(bytes: number): Handle;
  release(handle: Handle): void;
}

type Call = Record<string, Operand | undefined>;

/** A float32 copy of what a tensor of bfloat16 holds, for one op. */
interface Copy {
  readonly handle: Handle;
  readonly dtype: 'float32';
  readonly of: Operand;
  readonly count: number;
}

/** Ops that write their whole result, so that what was there before need not be converted. */
const WRITES_ALL: ReadonlySet<string> = new Set(['binary', 'ternary', 'dropoutForward', 'dropoutBackward']);

/**
 * The ops, with those that know float32 alone taking tensors of bfloat16 as well: such an operand is converted to
 * float32 for the op, and what the op wrote is rounded back. Right everywhere, then; ops where it would cost something
 * know bfloat16 themselves.
 */
export function withFloats(ops: NativeOps, memory: Memory): NativeOps {
  const run = ops as unknown as Record<string, (call: Call) => void>; // by their names
  const wrapped = Object.entries(FLOAT_OPERANDS).map(([name, { reads, writes }]) => {
    const op = run[name] as (call: Call) => void; // each name is an op's
    const operands = [...writes, ...reads];
    const writesAll = WRITES_ALL.has(name);
    const widening = (call: Call): void => {
      if (operands.some((field) => call[field]?.dtype === 'bfloat16')) widen(op, call, { reads, writes, writesAll });
      else op(call);
    };
    return [name, widening];
  });
  const widen = (
    op: (call: Call) => void,
    call: Call,
    { reads, writes, writesAll }: { reads: string[]; writes: string[]; writesAll: boolean },
  ): void => {
    const isRead = new Set(reads.map((field) => call[field]?.handle)); // a result may be an operand as well
    const copies = new Map<Handle, Copy>();
    const instead: Call = { ...call };
    try {
      for (const field of [...writes, ...reads]) {
        const operand = call[field];
        if (operand?.dtype !== 'bfloat16') continue;
        const isFilled = isRead.has(operand.handle) || !writesAll;
        instead[field] = copies.get(operand.handle) ?? copied(operand, copies, isFilled);
      }
      op(instead);
      const written = new Set(writes.map((field) => instead[field]));
      for (const copy of copies.values()) {
        if (written.has(copy)) ops.convert({ y: copy.of, x: copy, count: copy.count });
      }
    } finally {
      for (const copy of copies.values()) memory.release(copy.handle);
    }
  };
  const copied = (of: Operand, copies: Map<Handle, Copy>, isFilled: boolean): Copy => {
    const count = of.size ?? 0;
    const copy: Copy = { handle: memory.allocate(4 * count), dtype: 'float32', of, count };
    if (copy.handle === 0)
      throw new RangeError(`Expected memory for ${count} numbers as float32 but there is none left.`);
    copies.set(of.handle, copy);
    if (isFilled) ops.convert({ y: copy, x: of, count }); // what is written may be added to, or written in part
    return copy;
  };
  return { ...ops, ...Object.fromEntries(wrapped) };
}
