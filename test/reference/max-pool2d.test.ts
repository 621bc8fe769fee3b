import type { Ref } from './array.js';
import { checkGradient } from './finite-difference.js';
import { maxPool2d, maxPool2dBackward, type PoolWindow } from './max-pool2d.js';
import { generator, normal } from './random.js';

describe('reference maxPool2d', () => {
  it('has the gradients of central differences', () => {
    const random = generator(3);
    const pool: PoolWindow = { kernel: [3, 2], stride: [2, 1], padding: [1, 0] };
    const x = normal([2, 2, 5, 4], random);
    const dy = normal([2, 2, 3, 3], random);
    checkGradient((inputs: { x: Ref }) => maxPool2d(inputs.x, pool), { x }, maxPool2dBackward(dy, x, pool), { dy });
  });
});
