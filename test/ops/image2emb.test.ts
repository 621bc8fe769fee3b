import { F, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, checkOp, returnsMemory } from '../native-op.js';
import { type Ref, reshape } from '../reference/array.js';
import { conv2d, conv2dBackward } from '../reference/conv2d.js';
import { generator, normal } from '../reference/random.js';
import { transpose } from '../reference/transpose.js';

const tokens = (y: Ref): Ref => transpose(reshape(y, [y.shape[0], y.shape[1], y.shape[2] * y.shape[3]]), 1, 2);

/** A kernel (D,C,kh,kw) as the naive route's weight (C*kh*kw, D). */
const flat = (kernel: Ref): Ref =>
  transpose(reshape(kernel, [kernel.shape[0], kernel.data.length / kernel.shape[0]]), 0, 1);

const CASES: Record<string, { image: number[]; kernel: [number, number, number, number] }> = {
  'the worked example': { image: [1, 3, 8, 8], kernel: [8, 3, 4, 4] },
  'oblong patches': { image: [2, 3, 6, 8], kernel: [7, 3, 3, 2] },
  'one patch': { image: [3, 1, 7, 7], kernel: [17, 1, 7, 7] },
  'patches of 300 pixels': { image: [2, 3, 20, 20], kernel: [259, 3, 10, 10] },
  '197 pixels': { image: [2, 1, 1, 197], kernel: [3, 1, 1, 1] },
  'an empty batch': { image: [0, 3, 8, 8], kernel: [8, 3, 4, 4] },
};

describe('image2emb', () => {
  returnsMemory();

  for (const [name, sizes] of Object.entries(CASES)) {
    const [, , kh, kw] = sizes.kernel;
    const stride = [kh, kw] as const;
    const image = normal(sizes.image, generator(1));
    const kernel = normal(sizes.kernel, generator(2), 0.3);
    const convolved = conv2d(image, kernel, undefined, { stride });
    const dconvolved = normal(convolved.shape, generator(3));
    const { dx, dweight } = conv2dBackward(dconvolved, image, kernel, { stride });
    const common = { y: tokens(convolved), dy: tokens(dconvolved) };

    it(`the naive route has the reference's value and gradients: ${name}`, () => {
      checkOp({
        ...common,
        inputs: { image, weight: flat(kernel) },
        run: (t) => F.image2embNaive(t.image, [kh, kw], t.weight),
        gradients: { dimage: dx, dweight: flat(dweight) },
      });
    });

    it(`the convolution route has the reference's value and gradients: ${name}`, () => {
      for (const given of [undefined, [kh, kw] as const]) {
        checkOp({
          ...common,
          inputs: { image, kernel },
          run: (t) => F.image2embConv(t.image, t.kernel, given),
          gradients: { dimage: dx, dkernel: dweight },
        });
      }
    });
  }

  it('the convolution route takes overlapping patches', () => {
    const image = normal([2, 3, 8, 8], generator(4));
    const kernel = normal([5, 3, 4, 4], generator(5));
    const options = { stride: [2, 2] } as const;
    const y = conv2d(image, kernel, undefined, options);
    const dy = normal(y.shape, generator(6));
    const { dx, dweight } = conv2dBackward(dy, image, kernel, options);
    checkOp({
      inputs: { image, kernel },
      run: (t) => F.image2embConv(t.image, t.kernel, 2),
      y: tokens(y),
      dy: tokens(dy),
      gradients: { dimage: dx, dkernel: dweight },
    });
  });

  it('refuses patches and weights that do not go together', () => {
    const image = () => zeroTensor([1, 3, 8, 8]);
    assertBadInput(() => F.image2embNaive(image(), 0, zeroTensor([48, 8])), /image2embNaive patchSize .* 0\./);
    assertBadInput(() => F.image2embNaive(image(), 9, zeroTensor([243, 8])), /fits the padded image, 8 x 8/);
    assertBadInput(() => F.image2embNaive(image(), 4, zeroTensor([47, 8])), /inner sizes .*48 and 47/);
    assertBadInput(() => F.image2embConv(image(), zeroTensor([48, 8])), /\(D,C,kh,kw\) of 4 axes .*\(48,8\)/);
    assertBadInput(() => F.image2embConv(image(), zeroTensor([8, 3, 4, 4]), 0), /image2embConv stride .* 0\./);
    assertBadInput(() => F.image2embConv(image(), zeroTensor([8, 1, 4, 4]), 2), /1 channels .*\(1,3,8,8\)/);
  });
});
