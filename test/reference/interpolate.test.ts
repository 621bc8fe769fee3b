import type { Ref } from './array.js';
import { checkGradient } from './finite-difference.js';
import { interpolate, interpolateBackward, type Resizing } from './interpolate.js';
import { generator, normal } from './random.js';

describe('reference interpolate', () => {
  for (const mode of ['nearest', 'bilinear'] as const) {
    it(`has the gradients of central differences: ${mode}`, () => {
      const random = generator(3);
      for (const alignCorners of mode === 'nearest' ? [false] : [false, true]) {
        const resizing: Resizing = { size: [5, 3], mode, alignCorners };
        const x = normal([1, 2, 3, 4], random);
        const dy = normal([1, 2, 5, 3], random);
        const gradients = interpolateBackward(dy, x, resizing);
        checkGradient((inputs: { x: Ref }) => interpolate(inputs.x, resizing), { x }, gradients, { dy });
      }
    });
  }
});
