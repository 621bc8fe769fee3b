import { F } from '../../lib/index.js';
import { loadGolden } from '../golden.js';
import { checkOp, returnsMemory } from '../native-op.js';

interface Case {
  kernelSize: [number, number];
  dilation: [number, number];
  padding: [number, number];
  stride: [number, number];
}

describe('golden unfold', () => {
  returnsMemory();

  for (const { params, tensors } of loadGolden<Case>('unfold').cases) {
    const { kernelSize, dilation, padding, stride } = params;
    const options = { kernelSize, dilation, padding, stride };
    const { x, y, gy, gx, folded } = tensors;

    it(`agrees with PyTorch on (${x.shape}) with ${JSON.stringify(options)}`, () => {
      checkOp({
        inputs: { x },
        run: (t) => F.unfold(t.x, options),
        y,
        dy: gy,
        gradients: { dx: gx },
      });
    });

    it(`folds back as PyTorch does to (${x.shape}) with ${JSON.stringify(options)}`, () => {
      // fold is linear, and unfold its gradient: of the image x it is the columns y.
      checkOp({
        inputs: { y },
        run: (t) => F.fold(t.y, { ...options, outputSize: [x.shape[2], x.shape[3]] }),
        y: folded,
        dy: x,
        gradients: { dy: y },
      });
    });
  }
});
