import { F, zeros as zeroTensor } from '../../lib/index.js';
import type { LinearOptions } from '../../lib/ops/linear.js';
import { assertBadInput, checkOp, LONG_SUM, returnsMemory } from '../native-op.js';
import { add } from '../reference/add.js';
import { type Activation, linear, linearBackward } from '../reference/linear.js';
import { generator, normal } from '../reference/random.js';

const ACTIVATIONS: Activation[] = ['none', 'gelu', 'gelu_tanh', 'relu', 'silu', 'quick_gelu'];

interface Sizes {
  x: number[];
  out: number;
  activation: Activation;
  bound?: number;
}

function check({ x: shape, out, activation, bound }: Sizes, given: { bias: boolean; residual: boolean }): void {
  const random = generator(1);
  const C = shape[shape.length - 1];
  const x = normal(shape, random);
  const weight = normal([out, C], random, 1 / Math.sqrt(Math.max(1, C)));
  const bias = normal([out], random);
  const residual = normal(shape.with(-1, out), random);
  const dy = normal(residual.shape, random);
  const options = { activation, ...(given.bias && { bias }), ...(given.residual && { residual }) };
  const { dx, dweight, dbias, dresidual } = linearBackward(dy, x, weight, options);
  const common = { y: linear(x, weight, options), dy, ...(bound && { bound }) };
  if (given.bias && given.residual) {
    checkOp({
      ...common,
      inputs: { x, weight, bias, residual },
      run: (t) => F.linear(t.x, t.weight, t.bias, { activation, residual: t.residual }),
      gradients: { dx, dweight, dbias, dresidual },
    });
  } else if (given.bias) {
    checkOp({
      ...common,
      inputs: { x, weight, bias },
      run: (t) => F.linear(t.x, t.weight, t.bias, { activation }),
      gradients: { dx, dweight, dbias },
    });
  } else if (given.residual) {
    checkOp({
      ...common,
      inputs: { x, weight, residual },
      run: (t) => F.linear(t.x, t.weight, undefined, { activation, residual: t.residual }),
      gradients: { dx, dweight, dresidual },
    });
  } else {
    checkOp({
      ...common,
      inputs: { x, weight },
      run: (t) => F.linear(t.x, t.weight, undefined, { activation }),
      gradients: { dx, dweight },
    });
  }
}

describe('linear', () => {
  returnsMemory();

  for (const activation of ACTIVATIONS) {
    for (const bias of [true, false]) {
      for (const residual of [true, false]) {
        const how = `${activation}${bias ? ' with bias' : ''}${residual ? ' with residual' : ''}`;
        it(`has the reference's value and gradients: ${how}`, () => {
          for (const [x, out] of [
            // silu's slope is near 0 at the one number that is drawn here, and has few bits there.
            [[1], activation === 'silu' ? 3 : 1],
            [[7], 17],
            [[1, 17], 7],
            [[2, 17, 7], 197],
            // More than one tile, and rows past one stretch of the bias gradient.
            [[197, 33], 67],
          ] satisfies [number[], number][]) {
            check({ x, out, activation }, { bias, residual });
          }
        });

        it(`takes an empty batch: ${how}`, () => check({ x: [0, 3, 7], out: 5, activation }, { bias, residual }));
      }
    }
  }

  it('gives the bias where there are no features to sum', () => {
    check({ x: [3, 0], out: 5, activation: 'none' }, { bias: true, residual: false });
  });

  it('sums 1,500 features and 1,500 rows', () => {
    check({ x: [3, 1500], out: 7, activation: 'gelu', bound: LONG_SUM }, { bias: true, residual: true });
    check({ x: [1500, 5], out: 7, activation: 'relu', bound: LONG_SUM }, { bias: true, residual: true });
  });

  // From 32 Mi multiply-adds on, products are cut for more than 16 threads.
  it('has them where the weight’s gradient is summed in four parts, or few rows are cut by many columns', () => {
    for (const [x, out] of [
      [[1153, 173], 181],
      [[197, 211], 1031],
    ] satisfies [number[], number][]) {
      check({ x, out, activation: 'none', bound: LONG_SUM }, { bias: true, residual: false });
    }
  });

  it('takes one tensor as input and residual', () => {
    const random = generator(2);
    const x = normal([5, 17], random);
    const weight = normal([17, 17], random);
    const dy = normal([5, 17], random);
    const { dx, dweight, dresidual } = linearBackward(dy, x, weight, { activation: 'gelu' });
    checkOp({
      inputs: { x, weight },
      run: (t) => F.linear(t.x, t.weight, undefined, { activation: 'gelu', residual: t.x }),
      y: linear(x, weight, { activation: 'gelu', residual: x }),
      dy,
      gradients: { dx: add(dx, dresidual), dweight },
    });
  });

  for (const size of [17, 197]) {
    it(`takes one tensor as input and weight (${size},${size})`, () => {
      const x = normal([size, size], generator(3));
      const dy = normal([size, size], generator(4));
      const { dx, dweight } = linearBackward(dy, x, x);
      checkOp({
        inputs: { x },
        run: (t) => F.linear(t.x, t.x),
        y: linear(x, x),
        dy,
        gradients: { dx: add(dx, dweight) },
      });
    });
  }

  it('takes one tensor as input and bias', () => {
    const random = generator(5);
    const x = normal([197], random);
    const weight = normal([197, 197], random);
    const dy = normal([197], random);
    const { dx, dweight, dbias } = linearBackward(dy, x, weight, { bias: x });
    checkOp({
      inputs: { x, weight },
      run: (t) => F.linear(t.x, t.weight, t.x),
      y: linear(x, weight, { bias: x }),
      dy,
      gradients: { dx: add(dx, dbias), dweight },
    });
  });

  it('refuses sizes that do not go together', () => {
    const run = (x: number[], weight: number[], bias?: number[], options: LinearOptions = {}) =>
      F.linear(zeroTensor(x), zeroTensor(weight), bias && zeroTensor(bias), options);
    assertBadInput(() => run([2, 3], [3]), /\(OC,C\) of 2 axes for linear weight .*\(3\)/);
    assertBadInput(() => run([], [4, 3]), /\(\.\.\.,C\) of at least 1 axes for linear input .*\(\)/);
    assertBadInput(() => run([2, 3], [3, 4]), /4 features in the last axis for linear input .*\(2,3\)/);
    assertBadInput(() => run([2, 3], [4, 3], [3]), /shape \(4\) for linear bias .*\(3\)/);
    assertBadInput(
      () => run([2, 3], [4, 3], [4], { residual: zeroTensor([2, 3]) }),
      /\(2,4\) for linear residual .*\(2,3\)/,
    );
    assertBadInput(() => run([2, 3], [4, 3], [4], { activation: 'swish' as 'relu' }), /one of 'none', .*'swish'/);
  });
});
