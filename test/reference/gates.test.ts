import { checkGradient } from './finite-difference.js';
import { quickGelu, quickGeluBackward } from './gelu.js';
import { generator, normal } from './random.js';
import { rotate, rotateBackward } from './rotate.js';
import { swiglu, swigluBackward } from './swiglu.js';

describe('reference of gates and turns', () => {
  it('swiglu has the gradient of central differences', () => {
    const random = generator(91);
    const [x, dy] = [normal([3, 10], random), normal([3, 5], random)];
    checkGradient((inputs: { x: typeof x }) => swiglu(inputs.x), { x }, { dx: swigluBackward(dy, x) }, { dy });
  });

  it('quickGelu has the gradient of central differences', () => {
    const random = generator(92);
    const [x, dy] = [normal([17], random, 2), normal([17], random)];
    checkGradient((inputs: { x: typeof x }) => quickGelu(inputs.x), { x }, { dx: quickGeluBackward(dy, x) }, { dy });
  });

  for (const interleaved of [false, true]) {
    it(`rotate has the gradient of central differences: ${interleaved ? 'neighbours' : 'halves'}`, () => {
      const random = generator(93);
      const [x, dy, angles] = [normal([2, 4, 12], random), normal([2, 4, 12], random), normal([3, 2], random, 3)];
      const options = { interleaved, prefix: 1 };
      const f = (inputs: { x: typeof x }) => rotate(inputs.x, angles, [2, 3], options);
      checkGradient(f, { x }, { dx: rotateBackward(dy, angles, [2, 3], options) }, { dy });
    });
  }
});
