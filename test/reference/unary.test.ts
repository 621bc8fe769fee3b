import { checkGradient } from './finite-difference.js';
import { generator, normal, uniform } from './random.js';
import { UNARY, type Unary, unary, unaryBackward } from './unary.js';

describe('reference functions of one number', () => {
  for (const [name, op] of Object.entries<Unary>(UNARY)) {
    it(`${name} has the gradient of central differences`, () => {
      const random = generator(94);
      // Above 0, where all are defined; below it as well for those that are.
      for (const low of ['log', 'log1p', 'sqrt', 'rsqrt', 'pow'].includes(name) ? [0.1] : [0.1, -3]) {
        const x = uniform([17], random, low, 3);
        const dy = normal([17], random);
        const dx = unaryBackward(op, dy, x, 1.7, 2.3);
        checkGradient((inputs) => unary(op, inputs.x, 1.7, 2.3), { x }, { dx }, { dy });
      }
    });
  }
});
