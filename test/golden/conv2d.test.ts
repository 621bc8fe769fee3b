import { F } from '../../lib/index.js';
import { loadGolden } from '../golden.js';
import { checkOp, returnsMemory } from '../native-op.js';

interface Case {
  stride: [number, number];
  padding: [number, number];
  dilation: [number, number];
  groups: number;
}

describe('golden conv2d', () => {
  returnsMemory();

  for (const { params, tensors } of loadGolden<Case>('conv2d').cases) {
    const { stride, padding, dilation, groups } = params;
    const options = { stride, padding, dilation, groups };
    const { x, weight, b, y, gy, gx, gweight, gb } = tensors;

    it(`agrees with PyTorch on (${x.shape}) * (${weight.shape}) with ${JSON.stringify(options)}`, () => {
      const common = { y, dy: gy };
      if (b === undefined) {
        checkOp({
          ...common,
          inputs: { x, weight },
          run: (t) => F.conv2d(t.x, t.weight, undefined, options),
          gradients: { dx: gx, dweight: gweight },
        });
      } else {
        checkOp({
          ...common,
          inputs: { x, weight, bias: b },
          run: (t) => F.conv2d(t.x, t.weight, t.bias, options),
          gradients: { dx: gx, dweight: gweight, dbias: gb },
        });
      }
    });
  }
});
