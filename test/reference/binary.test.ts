import { BINARY, type Binary, binary, binaryBackward } from './binary.js';
import { checkGradient } from './finite-difference.js';
import { generator, normal, uniform } from './random.js';

describe('reference functions of two numbers', () => {
  for (const [name, op] of Object.entries<Required<Binary>>(BINARY)) {
    it(`${name} has the gradients of central differences`, () => {
      const random = generator(95);
      const [a, b] = [uniform([5, 1], random, 0.5, 3), uniform([2, 1, 7], random, 0.5, 3)];
      const dy = normal([2, 5, 7], random);
      checkGradient((inputs) => binary(op, inputs.a, inputs.b), { a, b }, binaryBackward(op, dy, a, b), { dy });
    });
  }
});
