import { F, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, checkOp, LONG_SUM, returnsMemory } from '../native-op.js';
import { type Ref, reshape } from '../reference/array.js';
import { conv2d, conv2dBackward } from '../reference/conv2d.js';
import { generator, normal } from '../reference/random.js';
import { transpose } from '../reference/transpose.js';

interface Options {
  stride?: readonly [number, number];
  padding?: readonly [number, number];
  dilation?: readonly [number, number];
  groups?: number;
}

interface Sizes {
  x: [number, number, number, number];
  weight: [number, number, number, number];
  options?: Options;
  bound?: number;
}

const CASES: Record<string, Sizes> = {
  'one pixel': { x: [1, 1, 1, 1], weight: [1, 1, 1, 1] },
  'a 1 x 1 kernel': { x: [2, 7, 5, 3], weight: [17, 7, 1, 1] },
  'a row of 197': { x: [1, 3, 1, 197], weight: [5, 3, 1, 7], options: { padding: [0, 3] } },
  'a column of 197': { x: [1, 2, 197, 1], weight: [3, 2, 7, 1], options: { stride: [3, 1] } },
  overlap: { x: [2, 3, 7, 9], weight: [4, 3, 3, 2] },
  padding: { x: [2, 3, 5, 4], weight: [4, 3, 3, 3], options: { padding: [1, 2] } },
  stride: { x: [2, 2, 9, 8], weight: [3, 2, 3, 2], options: { stride: [2, 3] } },
  dilation: { x: [1, 2, 9, 9], weight: [3, 2, 3, 3], options: { dilation: [2, 3] } },
  'every option': {
    x: [2, 6, 11, 9],
    weight: [4, 3, 2, 3],
    options: { stride: [2, 1], padding: [1, 2], dilation: [3, 2], groups: 2 },
  },
  'a group a channel': { x: [2, 7, 6, 5], weight: [14, 1, 3, 3], options: { padding: [1, 1], groups: 7 } },
  'groups of 1 x 1': { x: [3, 6, 4, 4], weight: [9, 2, 1, 1], options: { groups: 3 } },
  patches: { x: [3, 3, 8, 12], weight: [7, 3, 4, 4], options: { stride: [4, 4] } },
  'oblong patches': { x: [2, 2, 6, 8], weight: [5, 2, 2, 4], options: { stride: [2, 4] } },
  'patches that leave a margin unread': { x: [2, 3, 9, 11], weight: [5, 3, 4, 4], options: { stride: [4, 4] } },
  '289 patches of 9 pixels': { x: [1, 1, 51, 51], weight: [20, 1, 3, 3], options: { stride: [3, 3] } },
  'patches in groups': { x: [2, 4, 8, 8], weight: [6, 2, 4, 4], options: { stride: [4, 4], groups: 2 } },
  'patches with padding': { x: [1, 2, 6, 6], weight: [3, 2, 4, 4], options: { stride: [4, 4], padding: [1, 1] } },
  'a kernel as large as the image': { x: [3, 2, 5, 7], weight: [17, 2, 5, 7] },
  'windows with gaps between': { x: [1, 2, 11, 11], weight: [3, 2, 2, 2], options: { stride: [5, 4] } },
  '14 x 14 patches of 197 channels': { x: [1, 3, 28, 28], weight: [197, 3, 2, 2], options: { stride: [2, 2] } },
  'sums of 1,200 terms': { x: [1, 3, 40, 40], weight: [3, 3, 20, 20], options: { stride: [20, 20] }, bound: LONG_SUM },
  'an empty batch': { x: [0, 3, 8, 8], weight: [5, 3, 3, 3] },
  'an empty batch of patches': { x: [0, 3, 8, 8], weight: [5, 3, 4, 4], options: { stride: [4, 4] } },
};

function operands({ x, weight }: Sizes): { x: Ref; weight: Ref; bias: Ref } {
  const random = generator(1);
  return { x: normal(x, random), weight: normal(weight, random, 0.3), bias: normal([weight[0]], random) };
}

/** (N,D,OH,OW) as tokens (N,L,D). */
function tokens(y: Ref): Ref {
  const [n, d, oh, ow] = y.shape;
  return transpose(reshape(y, [n, d, oh * ow]), 1, 2);
}

describe('conv2d', () => {
  returnsMemory();

  for (const [name, sizes] of Object.entries(CASES)) {
    const { options = {}, bound } = sizes;
    const { x, weight, bias } = operands(sizes);

    it(`has the reference's value and gradients: ${name}`, () => {
      const y = conv2d(x, weight, bias, options);
      const dy = normal(y.shape, generator(2));
      checkOp({
        inputs: { x, weight, bias },
        run: (t) => F.conv2d(t.x, t.weight, t.bias, options),
        y,
        dy,
        gradients: conv2dBackward(dy, x, weight, options),
        ...(bound && { bound }),
      });
    });

    it(`does without a bias: ${name}`, () => {
      const y = conv2d(x, weight, undefined, options);
      const dy = normal(y.shape, generator(3));
      const { dx, dweight } = conv2dBackward(dy, x, weight, options);
      checkOp({
        inputs: { x, weight },
        run: (t) => F.conv2d(t.x, t.weight, undefined, options),
        y,
        dy,
        gradients: { dx, dweight },
        ...(bound && { bound }),
      });
    });
  }

  it('takes one number for both axes', () => {
    const { x, weight, bias } = operands({ x: [1, 2, 9, 9], weight: [3, 2, 3, 3] });
    const y = conv2d(x, weight, bias, { stride: [2, 2], padding: [1, 1], dilation: [2, 2] });
    const dy = normal(y.shape, generator(4));
    checkOp({
      inputs: { x, weight, bias },
      run: (t) => F.conv2d(t.x, t.weight, t.bias, { stride: 2, padding: 1, dilation: 2 }),
      y,
      dy,
      gradients: conv2dBackward(dy, x, weight, { stride: [2, 2], padding: [1, 1], dilation: [2, 2] }),
    });
  });

  it('takes one tensor as image and weight', () => {
    const x = normal([3, 3, 2, 2], generator(5));
    const y = conv2d(x, x);
    const dy = normal(y.shape, generator(6));
    const { dx, dweight } = conv2dBackward(dy, x, x);
    const sum = { shape: dx.shape, data: dx.data.map((value, i) => value + dweight.data[i]) };
    checkOp({ inputs: { x }, run: (t) => F.conv2d(t.x, t.x), y, dy, gradients: { dx: sum } });
  });

  it('refuses ranks, channels and groups that do not go together', () => {
    const run = (x: number[], weight: number[], options: Parameters<typeof F.conv2d>[3] = {}, bias?: number[]) =>
      F.conv2d(zeroTensor(x), zeroTensor(weight), bias && zeroTensor(bias), options);
    assertBadInput(() => run([3, 8, 8], [4, 3, 3, 3]), /\(N,C,H,W\) of 4 axes for conv2d input .*\(3,8,8\)/);
    assertBadInput(
      () => run([1, 3, 8, 8], [4, 3, 3]),
      /\(OC,C\/groups,kh,kw\) of 4 axes for conv2d weight .*\(4,3,3\)/,
    );
    assertBadInput(() => run([1, 4, 8, 8], [4, 3, 3, 3]), /3 channels .* for conv2d input .*\(1,4,8,8\)/);
    assertBadInput(() => run([1, 6, 8, 8], [4, 3, 3, 3], { groups: 3 }), /9 channels .* for conv2d input/);
    assertBadInput(() => run([1, 6, 8, 8], [3, 3, 3, 3], { groups: 2 }), /2 groups divide for conv2d weight/);
    assertBadInput(() => run([1, 3, 8, 8], [4, 3, 3, 3], {}, [3]), /\(4\) for conv2d bias .*\(3\)/);
    assertBadInput(() => run([1, 3, 8, 8], [4, 3, 3, 3], { groups: 0 }), /at least 1 for conv2d groups .* 0\./);
    assertBadInput(() => run([1, 3, 8, 8], [4, 3, 3, 3], { groups: 1.5 }), /whole number .*1\.5/);
  });

  it('refuses windows that are none', () => {
    const run = (options: Parameters<typeof F.conv2d>[3]) =>
      F.conv2d(zeroTensor([1, 3, 8, 8]), zeroTensor([4, 3, 3, 3]), undefined, options);
    assertBadInput(() => run({ stride: 0 }), /at least 1 for conv2d stride .* 0\./);
    assertBadInput(() => run({ stride: [1, Number.NaN] }), /whole number .* stride .*NaN/);
    assertBadInput(() => run({ dilation: 0 }), /at least 1 for conv2d dilation .* 0\./);
    assertBadInput(() => run({ padding: -1 }), /at least 0 for conv2d padding .*-1\./);
    assertBadInput(() => run({ padding: 0.5 }), /whole number .* padding .*0\.5/);
    assertBadInput(() => run({ dilation: 4 }), /fits the padded image, 8 x 8 for conv2d .*\[3, 3\]/);
    assertBadInput(() => F.conv2d(zeroTensor([1, 3, 8, 8]), zeroTensor([4, 3, 0, 3])), /kernelSize .* 0\./);
  });
});

describe('patchEmbed', () => {
  returnsMemory();

  for (const name of [
    'patches',
    'oblong patches',
    'patches that leave a margin unread',
    '289 patches of 9 pixels', // whose copies do not end at a whole cache line
    'an empty batch of patches',
  ]) {
    it(`is the convolution as tokens: ${name}`, () => {
      const { options = {} } = CASES[name];
      const { x, weight, bias } = operands(CASES[name]);
      const y = conv2d(x, weight, bias, options);
      const dy = normal(y.shape, generator(7));
      const gradients = conv2dBackward(dy, x, weight, options);
      checkOp({
        inputs: { x, weight, bias },
        run: (t) => F.patchEmbed(t.x, t.weight, t.bias),
        y: tokens(y),
        dy: tokens(dy),
        gradients,
      });
      const { dx, dweight } = gradients;
      checkOp({
        inputs: { x, weight },
        run: (t) => F.patchEmbed(t.x, t.weight),
        y: tokens(conv2d(x, weight, undefined, options)),
        dy: tokens(dy),
        gradients: { dx, dweight },
      });
    });
  }

  it('refuses other ranks and channels, and an image smaller than a patch', () => {
    const run = (x: number[], weight: number[], bias?: number[]) =>
      F.patchEmbed(zeroTensor(x), zeroTensor(weight), bias && zeroTensor(bias));
    assertBadInput(() => run([1, 3, 8, 8], [5, 48]), /\(D,C,kh,kw\) of 4 axes for patchEmbed weight .*\(5,48\)/);
    assertBadInput(() => run([1, 1, 8, 8], [5, 3, 4, 4]), /\(\*,3,\*,\*\) for patchEmbed input .*\(1,1,8,8\)/);
    assertBadInput(() => run([1, 3, 8, 3], [5, 3, 4, 4]), /fits the padded image, 8 x 3 for patchEmbed .*\[4, 4\]/);
    assertBadInput(() => run([1, 3, 8, 8], [5, 3, 4, 4], [4]), /\(5\) for patchEmbed bias .*\(4\)/);
  });
});
