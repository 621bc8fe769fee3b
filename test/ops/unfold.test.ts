import { F, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, checkOp, returnsMemory } from '../native-op.js';
import { generator, normal } from '../reference/random.js';
import { fold, foldBackward, unfold, unfoldBackward } from '../reference/unfold.js';

interface Options {
  kernelSize: readonly [number, number];
  dilation?: readonly [number, number];
  padding?: readonly [number, number];
  stride?: readonly [number, number];
}

const CASES: Record<string, { shape: [number, number, number, number]; options: Options }> = {
  'one pixel': { shape: [1, 1, 1, 1], options: { kernelSize: [1, 1] } },
  pixels: { shape: [2, 3, 5, 7], options: { kernelSize: [1, 1] } },
  patches: { shape: [2, 3, 8, 12], options: { kernelSize: [4, 4], stride: [4, 4] } },
  'patches that leave a margin unread': { shape: [2, 3, 9, 7], options: { kernelSize: [4, 2], stride: [4, 2] } },
  overlap: { shape: [2, 3, 7, 9], options: { kernelSize: [3, 2] } },
  'gaps between windows': { shape: [1, 2, 9, 9], options: { kernelSize: [2, 2], stride: [4, 3] } },
  padding: { shape: [2, 2, 4, 5], options: { kernelSize: [3, 3], padding: [2, 1] } },
  'a window wholly in the padding': { shape: [1, 2, 2, 2], options: { kernelSize: [2, 2], padding: [3, 3] } },
  dilation: { shape: [1, 2, 9, 8], options: { kernelSize: [3, 2], dilation: [2, 5] } },
  'every option': {
    shape: [2, 3, 11, 10],
    options: { kernelSize: [2, 3], dilation: [3, 2], padding: [1, 4], stride: [2, 3] },
  },
  'a row of 197': { shape: [1, 2, 1, 197], options: { kernelSize: [1, 17], padding: [0, 8] } },
  'a column of 197': { shape: [3, 1, 197, 1], options: { kernelSize: [7, 1], stride: [5, 1] } },
  'a kernel as large as the image': { shape: [2, 3, 7, 5], options: { kernelSize: [7, 5] } },
  'an empty batch': { shape: [0, 3, 8, 8], options: { kernelSize: [3, 3] } },
};

describe('unfold and fold', () => {
  returnsMemory();

  for (const [name, { shape, options }] of Object.entries(CASES)) {
    it(`unfold has the reference's value and gradient: ${name}`, () => {
      const x = normal(shape, generator(1));
      const y = unfold(x, options);
      const dy = normal(y.shape, generator(2));
      checkOp({
        inputs: { x },
        run: (t) => F.unfold(t.x, options),
        y,
        dy,
        gradients: { dx: unfoldBackward(dy, shape, options) },
      });
    });

    it(`fold has the reference's value and gradient: ${name}`, () => {
      const x = normal(unfold(normal(shape, generator(3)), options).shape, generator(4));
      const outputSize = [shape[2], shape[3]] as const;
      const dy = normal(shape, generator(5));
      checkOp({
        inputs: { x },
        run: (t) => F.fold(t.x, { ...options, outputSize }),
        y: fold(x, outputSize, options),
        dy,
        gradients: { dx: foldBackward(dy, options) },
      });
    });
  }

  it("take one number for both axes, and PyTorch's defaults", () => {
    const x = normal([2, 3, 8, 8], generator(6));
    const options: Options = { kernelSize: [2, 2], dilation: [3, 3], padding: [1, 1], stride: [2, 2] };
    const y = unfold(x, options);
    checkOp({
      inputs: { x },
      run: (t) => F.unfold(t.x, { kernelSize: 2, dilation: 3, padding: 1, stride: 2 }),
      y,
      dy: y,
      gradients: { dx: unfoldBackward(y, x.shape, options) },
    });
    const plain = unfold(x, { kernelSize: [3, 3] });
    checkOp({
      inputs: { x },
      run: (t) => F.unfold(t.x, { kernelSize: 3 }),
      y: plain,
      dy: plain,
      gradients: { dx: unfoldBackward(plain, x.shape, { kernelSize: [3, 3] }) },
    });
    checkOp({
      inputs: { plain },
      run: (t) => F.fold(t.plain, { outputSize: 8, kernelSize: 3 }),
      y: fold(plain, [8, 8], { kernelSize: [3, 3] }),
      dy: x,
      gradients: { dplain: foldBackward(x, { kernelSize: [3, 3] }) },
    });
  });

  type Given = Parameters<typeof F.unfold>[1];
  const WRONG: [Given, RegExp][] = [
    [{ kernelSize: 0 }, /at least 1 for \w+ kernelSize .* 0\./],
    [{ kernelSize: 2.5 }, /whole number .* kernelSize .*2\.5/],
    [{ kernelSize: [2, Number.NaN] }, /whole number .* kernelSize .*NaN/],
    [{ kernelSize: [2, 2, 2] as unknown as [number, number] }, /pair for \w+ kernelSize .*\[2, 2, 2\]/],
    [{} as Given, /whole number .* kernelSize .*undefined/],
    [undefined as unknown as Given, /whole number .* kernelSize .*undefined/],
    [{ kernelSize: 2, stride: 0 }, /at least 1 for \w+ stride .* 0\./],
    [{ kernelSize: 2, stride: -1 }, /at least 1 for \w+ stride .*-1\./],
    [{ kernelSize: 2, dilation: 0 }, /at least 1 for \w+ dilation .* 0\./],
    [{ kernelSize: 2, padding: -1 }, /at least 0 for \w+ padding .*-1\./],
    [{ kernelSize: 2, padding: '1' as unknown as number }, /whole number .* padding .*'1'/],
    [{ kernelSize: 9 }, /fits the padded image, 8 x 8 for \w+ .*\[9, 9\]\. Use a smaller/],
    [{ kernelSize: 3, dilation: [1, 4] }, /fits the padded image, 8 x 8/],
    [{ kernelSize: [1, 13], padding: [0, 2] }, /fits the padded image, 8 x 12/],
  ];
  for (const [options, says] of WRONG) {
    it(`unfold refuses ${JSON.stringify(options) ?? 'no options'}`, () => {
      assertBadInput(() => F.unfold(zeroTensor([1, 3, 8, 8]), options), says);
    });
    if (options === undefined) continue;
    it(`fold refuses ${JSON.stringify(options)}`, () => {
      assertBadInput(() => F.fold(zeroTensor([1, 12, 49]), { ...options, outputSize: 8 }), says);
    });
  }

  it('refuse tensors of other ranks, and columns that are of no such image', () => {
    assertBadInput(() => F.unfold(zeroTensor([3, 8, 8]), { kernelSize: 2 }), /\(N,C,H,W\) of 4 axes .*\(3,8,8\)/);
    const run = (shape: number[], outputSize: number | [number, number]) =>
      F.fold(zeroTensor(shape), { kernelSize: 2, outputSize });
    assertBadInput(() => run([12, 49], 8), /\(N,C\*kh\*kw,L\) of 3 axes .*\(12,49\)/);
    assertBadInput(() => run([1, 13, 49], 8), /multiple of the kernel's 4 rows for fold input .*\(1,13,49\)/);
    assertBadInput(() => run([1, 12, 48], 8), /49 columns, .* for fold input .*\(1,12,48\)/);
    assertBadInput(() => run([1, 12, 49], 0), /at least 1 for fold outputSize .* 0\./);
  });
});
