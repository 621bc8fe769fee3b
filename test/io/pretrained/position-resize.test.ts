import assert from 'node:assert/strict';
import { type ResizeMethod, resizePositions } from '../../../lib/io/pretrained/position-resize.js';

const methods: ResizeMethod[] = ['bicubic-antialias', 'bicubic', 'bicubic-corners', 'bilinear-corners'];

/** Positions of one number: the prefix's, then row + 10 * column. */
function ramp(prefix: number, rows: number, columns: number): Float32Array {
  const patches = Array.from({ length: rows * columns }, (_, i) => Math.floor(i / columns) + 10 * (i % columns));
  return Float32Array.from([...new Array(prefix).fill(-1), ...patches]);
}

describe('resizePositions', () => {
  for (const method of methods) {
    it(`${method} keeps the prefix, what is constant, and a grid of the same size`, () => {
      const same = resizePositions(ramp(2, 3, 4), 2, [3, 4], [3, 4], method);
      for (const [i, value] of ramp(2, 3, 4).entries()) assert.ok(Math.abs(same[i] - value) < 1e-5);
      const constant = resizePositions(new Float32Array(12).fill(7), 0, [3, 4], [5, 2], method);
      assert.equal(constant.length, 10);
      for (const value of constant) assert.ok(Math.abs(value - 7) < 1e-5, `${value}`);
    });
  }

  it('aligns corners where the method says so', () => {
    const resized = resizePositions(ramp(1, 2, 3), 1, [2, 3], [3, 5], 'bilinear-corners');
    assert.deepEqual([...resized], [-1, 0, 5, 10, 15, 20, 0.5, 5.5, 10.5, 15.5, 20.5, 1, 6, 11, 16, 21]);
    const cubic = resizePositions(ramp(0, 2, 3), 0, [2, 3], [3, 5], 'bicubic-corners');
    for (const [i, value] of [0, 10, 20].entries()) assert.ok(Math.abs(cubic[2 * i] - value) < 1e-5);
  });

  it('makes a single row or column from the first', () => {
    assert.deepEqual([...resizePositions(ramp(0, 2, 2), 0, [2, 2], [1, 1], 'bilinear-corners')], [0]);
  });
});
