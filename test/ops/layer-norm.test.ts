import { F, scope, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, assertNear, checkOp, fromRef, LONG_SUM, returnsMemory } from '../native-op.js';
import { add } from '../reference/add.js';
import { full, map, type Ref } from '../reference/array.js';
import { layerNorm, layerNormBackward } from '../reference/layer-norm.js';
import { mul } from '../reference/mul.js';
import { generator, normal } from '../reference/random.js';

const SHAPES = [[7], [17], [197], [1, 7], [5, 17], [3, 5, 197], [197, 7], [2, 7, 64], [0, 7], [2, 0, 17]];

function operands(shape: number[]): { x: Ref; residual: Ref; weight: Ref; bias: Ref; dy: Ref; dsum: Ref } {
  const random = generator(1);
  const width = [shape[shape.length - 1]];
  return {
    x: map(normal(shape, random, 3), (value) => Math.fround(value + 2)),
    residual: normal(shape, random),
    weight: normal(width, random),
    bias: normal(width, random),
    dy: normal(shape, random),
    dsum: normal(shape, random),
  };
}

describe('layerNorm', () => {
  returnsMemory();

  for (const shape of SHAPES) {
    const { x, weight, bias, dy } = operands(shape);
    for (const eps of [1e-5, 1e-6, 0.5]) {
      it(`of (${shape}) with eps ${eps} has the reference's value and gradients`, () => {
        checkOp({
          inputs: { x, weight, bias },
          run: (t) => F.layerNorm(t.x, t.weight, t.bias, { eps }),
          y: layerNorm(x, { weight, bias, eps }).y,
          dy,
          gradients: layerNormBackward(dy, x, { weight, eps }),
        });
      });
    }

    it(`of (${shape}) does without weight, bias, or both`, () => {
      checkOp({
        inputs: { x },
        run: (t) => F.layerNorm(t.x),
        y: layerNorm(x).y,
        dy,
        gradients: layerNormBackward(dy, x),
      });
      checkOp({
        inputs: { x, weight },
        run: (t) => F.layerNorm(t.x, t.weight),
        y: layerNorm(x, { weight }).y,
        dy,
        gradients: layerNormBackward(dy, x, { weight }),
      });
      checkOp({
        inputs: { x, bias },
        run: (t) => F.layerNorm(t.x, undefined, t.bias),
        y: layerNorm(x, { bias }).y,
        dy,
        gradients: layerNormBackward(dy, x),
      });
    });
  }

  it('gives a lone element its bias, and it no gradient', () => {
    const { x, weight, bias, dy } = operands([3, 1]);
    checkOp({
      inputs: { x, weight, bias },
      run: (t) => F.layerNorm(t.x, t.weight, t.bias),
      y: layerNorm(x, { weight, bias }).y,
      dy,
      gradients: layerNormBackward(dy, x, { weight }),
    });
  });

  it('sums the gradient of the weight over 1,500 rows', () => {
    const { x, weight, bias, dy } = operands([1500, 5]);
    checkOp({
      inputs: { x, weight, bias },
      run: (t) => F.layerNorm(t.x, t.weight, t.bias),
      y: layerNorm(x, { weight, bias }).y,
      dy,
      gradients: layerNormBackward(dy, x, { weight }),
      bound: LONG_SUM,
    });
  });

  it('does not lose the variance beside a large mean', () => {
    const x = map(normal([3, 197], generator(2)), (value) => Math.fround(value + 1000));
    // The mean of 197 such numbers rounds by about 1e-5 of their spread: 1e-4 of the largest is what is left to ask.
    scope(() => assertNear(F.layerNorm(fromRef(x)), layerNorm(x).y, 'result', LONG_SUM));
  });

  it('takes one tensor as weight and bias', () => {
    const { x, weight, dy } = operands([5, 17]);
    const { dx, dweight, dbias } = layerNormBackward(dy, x, { weight });
    checkOp({
      inputs: { x, weight },
      run: (t) => F.layerNorm(t.x, t.weight, t.weight),
      y: layerNorm(x, { weight, bias: weight }).y,
      dy,
      gradients: { dx, dweight: add(dweight, dbias) },
    });
  });

  it('takes one tensor as input, weight and bias', () => {
    const { x, dy } = operands([197]);
    const { dx, dweight, dbias } = layerNormBackward(dy, x, { weight: x });
    checkOp({
      inputs: { x },
      run: (t) => F.layerNorm(t.x, t.x, t.x),
      y: layerNorm(x, { weight: x, bias: x }).y,
      dy,
      gradients: { dx: add(add(dx, dweight), dbias) },
    });
  });

  it('adds to what reached the input from another use, before it or after', () => {
    const { x, weight, bias, dy } = operands([5, 17]);
    const { dx, dweight, dbias } = layerNormBackward(dy, x, { weight });
    const y = layerNorm(x, { weight, bias }).y;
    for (const first of [true, false]) {
      checkOp({
        inputs: { x, weight, bias },
        run: (t) => {
          const own = F.mul(t.x, 1); // a tensor in the graph, not a leaf
          const other = first ? F.mul(own, 3) : undefined;
          const normed = F.layerNorm(own, t.weight, t.bias);
          return F.add(normed, other ?? F.mul(own, 3));
        },
        y: map(y, (value, i) => value + 3 * x.data[i]),
        dy,
        gradients: { dx: map(dx, (value, i) => value + 3 * dy.data[i]), dweight, dbias },
      });
    }
  });

  it('gives equal elements their bias', () => {
    const x = full([2, 7], 5);
    const { weight, bias, dy } = operands([2, 7]);
    checkOp({
      inputs: { x, weight, bias },
      run: (t) => F.layerNorm(t.x, t.weight, t.bias),
      y: layerNorm(x, { weight, bias }).y,
      dy,
      gradients: layerNormBackward(dy, x, { weight }),
    });
  });

  it('refuses sizes that do not go together', () => {
    const run = (x: number[], weight?: number[], bias?: number[], eps?: number) =>
      F.layerNorm(
        zeroTensor(x),
        weight && zeroTensor(weight),
        bias && zeroTensor(bias),
        eps === undefined ? {} : { eps },
      );
    assertBadInput(() => run([]), /\(\.\.\.,C\) of at least 1 axes for layerNorm input .*\(\)/);
    assertBadInput(() => run([2, 3], [2]), /\(3\) for layerNorm weight .*\(2\)/);
    assertBadInput(() => run([2, 3], [3], [1, 3]), /\(3\) for layerNorm bias .*\(1,3\)/);
    assertBadInput(() => run([2, 3], [3], [3], -1), /at least 0 for layerNorm eps .*-1\./);
    assertBadInput(() => run([2, 3], [3], [3], Number.NaN), /layerNorm eps .*NaN/);
  });
});

describe('addLayerNorm', () => {
  returnsMemory();

  for (const shape of SHAPES) {
    const { x, residual, weight, bias, dy, dsum } = operands(shape);
    const given = { weight, bias, residual };
    const { y, sum } = layerNorm(x, given);

    it(`of (${shape}) passes gradients back through the norm, the sum, and both`, () => {
      const inputs = { x, residual, weight, bias };
      const byNorm = layerNormBackward(dy, x, given);
      checkOp({
        inputs,
        run: (t) => F.addLayerNorm(t.x, t.residual, t.weight, t.bias).y,
        y,
        dy,
        gradients: byNorm,
      });
      checkOp({
        inputs: { x, residual },
        run: (t) => F.addLayerNorm(t.x, t.residual, fromRef(weight), fromRef(bias)).sum,
        y: sum,
        dy: dsum,
        gradients: { dx: dsum, dresidual: dsum },
      });
      const { dx, dresidual, dweight, dbias } = layerNormBackward(dy, x, { ...given, dsum });
      checkOp({
        inputs,
        run: (t) => {
          const both = F.addLayerNorm(t.x, t.residual, t.weight, t.bias);
          return F.add(F.mul(both.y, fromRef(dy)), F.mul(both.sum, fromRef(dsum)));
        },
        y: add(mul(y, dy), mul(sum, dsum)),
        dy: full(shape, 1),
        gradients: { dx, dresidual, dweight, dbias },
      });
    });
  }

  it('gives the weight no gradient where only the sum has one', () => {
    const { x, residual, weight, bias, dsum } = operands([5, 17]);
    checkOp({
      inputs: { weight, bias },
      run: (t) => F.addLayerNorm(fromRef(x), fromRef(residual), t.weight, t.bias).sum,
      y: add(x, residual),
      dy: dsum,
      gradients: { dweight: map(weight, () => 0), dbias: map(bias, () => 0) },
    });
  });

  it('takes one tensor twice', () => {
    const { x, dy } = operands([5, 17]);
    const { dx, dresidual } = layerNormBackward(dy, x, { residual: x });
    checkOp({
      inputs: { x },
      run: (t) => F.addLayerNorm(t.x, t.x).y,
      y: layerNorm(x, { residual: x }).y,
      dy,
      gradients: { dx: add(dx, dresidual) },
    });
  });

  it('refuses a residual of another shape', () => {
    assertBadInput(() => F.addLayerNorm(zeroTensor([2, 3]), zeroTensor([3])), /\(2,3\) for layerNorm residual .*\(3\)/);
  });
});
