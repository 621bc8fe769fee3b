import assert from 'node:assert/strict';
import { withFloats } from '../lib/native-floats.js';
import type { NativeOps, Operand } from '../lib/native-ops.js';

/** Memory that notes what of it is out. */
function notedMemory() {
  const held = new Set<number>();
  let last = 100;
  return {
    held,
    allocate: () => {
      held.add(++last);
      return last;
    },
    release: (handle: number) => void held.delete(handle),
  };
}

describe('withFloats', () => {
  const operand = (handle: number): Operand => ({ handle, dtype: 'bfloat16', size: 3 });

  it('gives an op float32 copies, rounds back what it wrote, and keeps none, even where the op refuses', () => {
    const memory = notedMemory();
    const conversions: [number, number][] = [];
    let refuses = false;
    const fake = {
      convert: ({ y, x }: { y: Operand; x: Operand }) => void conversions.push([y.handle, x.handle]),
      unaryForward: ({ y, x }: { y: Operand; x: Operand }) => {
        assert.deepEqual([y.dtype, x.dtype], ['float32', 'float32']);
        if (refuses) throw new RangeError('refused');
      },
    };
    const ops = withFloats(fake as unknown as NativeOps, memory); // no other is called
    const call = { y: operand(1), x: operand(2) } as Parameters<NativeOps['unaryForward']>[0]; // all that the fake reads
    ops.unaryForward(call);
    assert.deepEqual(conversions, [
      [101, 1],
      [102, 2],
      [1, 101],
    ]);
    assert.equal(memory.held.size, 0);
    refuses = true;
    assert.throws(() => ops.unaryForward(call), /refused/);
    assert.equal(memory.held.size, 0);
  });
});
