import { F, ones } from '../../lib/index.js';
import { assertBadInput, checkOp, returnsMemory } from '../native-op.js';
import { map } from '../reference/array.js';
import { generator, normal } from '../reference/random.js';
import { type Windows, windowAttention } from '../reference/window-attention.js';

/** (N,H,W,heads,D) */
type Sizes = readonly [number, number, number, number, number];

function operands([N, H, W, heads, D]: Sizes, [height, width]: Windows['window']) {
  const random = generator(1);
  return {
    qkv: normal([N, H, W, 3 * heads * D], random),
    table: normal([(2 * height - 1) * (2 * width - 1), heads], random),
    dy: normal([N, H, W, heads * D], random),
    cosine: map(normal([heads], random), (value) => 3 + value),
  };
}

function check(sizes: Sizes, windows: Windows, cancels: readonly ['table'] | readonly [] = []): void {
  const { qkv, table, dy } = operands(sizes, windows.window);
  const { y, dqkv, dtable } = windowAttention(qkv, table, windows, dy);
  const { window: windowSize, shift, rolled } = windows;
  checkOp({
    inputs: { qkv, table },
    run: (t) => F.windowAttention(t.qkv, t.table, { windowSize, ...(shift && { shift }), ...(rolled && { rolled }) }),
    y,
    dy,
    gradients: { dqkv, dtable },
    cancels,
  });
}

function checkCosine(sizes: Sizes, windows: Windows): void {
  const { qkv, table, dy, cosine } = operands(sizes, windows.window);
  const { y, dqkv, dtable, dcosine } = windowAttention(qkv, table, { ...windows, cosine }, dy);
  const { window: windowSize, shift } = windows;
  checkOp({
    inputs: { qkv, table, cosine },
    run: (t) => F.windowAttention(t.qkv, t.table, { windowSize, ...(shift && { shift }), cosine: t.cosine }),
    y,
    dy,
    gradients: { dqkv, dtable, dcosine },
  });
}

describe('windowAttention', () => {
  returnsMemory();

  it('attends within windows', () => check([2, 4, 6, 2, 5], { window: [2, 3] }));
  it('has the sizes of Swin', () => check([2, 14, 14, 3, 32], { window: [7, 7] }));
  it('rolls the grid and keeps apart what it brings together', () => {
    check([2, 6, 6, 2, 8], { window: [3, 3], shift: [1, 1] });
    check([1, 14, 14, 2, 32], { window: [7, 7], shift: [3, 3] });
    check([1, 4, 6, 1, 16], { window: [4, 3], shift: [0, 2] });
  });
  it('leaves padding where it is', () => check([1, 6, 6, 2, 4], { window: [3, 3], shift: [1, 2], rolled: [4, 5] }));
  it('takes one window, and one token', () => {
    check([3, 2, 2, 1, 3], { window: [2, 2] });
    check([1, 1, 1, 2, 17], { window: [1, 1] }, ['table']);
  });
  it('attends by angles', () => {
    checkCosine([2, 4, 6, 2, 5], { window: [2, 3] });
    checkCosine([1, 8, 8, 3, 16], { window: [4, 4], shift: [2, 2] });
  });

  it('refuses sizes that do not go together', () => {
    const [qkv, table] = [ones([1, 4, 4, 12]), ones([9, 2])];
    assertBadInput(() => F.windowAttention(qkv, table, { windowSize: 3 }), /windows that divide the grid of 4 x 4/);
    assertBadInput(() => F.windowAttention(qkv, table, { windowSize: 4 }), /windowAttention table/);
    assertBadInput(() => F.windowAttention(qkv, table, { windowSize: 2, shift: 2 }), /windowAttention shift/);
    assertBadInput(() => F.windowAttention(qkv, table, { windowSize: 2, rolled: 5 }), /windowAttention rolled/);
    assertBadInput(() => F.windowAttention(qkv, ones([9, 3]), { windowSize: 2 }), /3 \* 3 heads divide/);
    assertBadInput(() => F.windowAttention(qkv, table, { windowSize: 2, cosine: ones([3]) }), /windowAttention cosine/);
    for (const made of [qkv, table]) made.dispose();
  });
});
