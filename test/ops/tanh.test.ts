import { F, scope, type Tensor, tensor } from '../../lib/index.js';
import { checkOp, returnsMemory } from '../native-op.js';
import { map, type Ref, ref } from '../reference/array.js';
import { assertClose } from '../reference/assert-close.js';
import { linear, linearBackward } from '../reference/linear.js';
import { generator, normal } from '../reference/random.js';

const tanh = (x: Ref): Ref => map(x, Math.tanh);
const tanhBackward = (dy: Ref, x: Ref): Ref => map(dy, (d, i) => d / Math.cosh(x.data[i]) ** 2);

describe('tanh', () => {
  returnsMemory();

  for (const shape of [[], [7], [3, 5, 197], [0]]) {
    it(`of (${shape}) has the value and gradient of Math.tanh`, () => {
      const random = generator(1);
      const [x, dy] = [normal(shape, random, 2), normal(shape, random)];
      const run = (t: { x: Tensor }) => F.tanh(t.x);
      checkOp({ inputs: { x }, run, y: tanh(x), dy, gradients: { dx: tanhBackward(dy, x) } });
    });
  }

  it('is accurate to the last places from tiny to large, and saturates', () => {
    scope(() => {
      const values = [1e-30, 1e-8, 1e-3, 0.1, 0.62, 0.63, 1, 3, 9, 20, 100, Infinity].flatMap((x) => [x, -x]);
      const x = ref([values.length], values.map(Math.fround));
      const y = F.tanh(tensor(Float32Array.from(x.data)));
      assertClose({ shape: y.shape, data: y.dataSync() }, tanh(x), { relative: 4e-7, absolute: 0 });
    });
  });

  it('rides on linear', () => {
    const random = generator(2);
    const [x, weight, bias] = [normal([5, 7], random), normal([9, 7], random), normal([9], random)];
    const before = linear(x, weight, { bias });
    const dy = normal([5, 9], random);
    const { dx, dweight, dbias } = linearBackward(tanhBackward(dy, before), x, weight);
    checkOp({
      inputs: { x, weight, bias },
      run: (t: Record<'x' | 'weight' | 'bias', Tensor>) => F.linear(t.x, t.weight, t.bias, { activation: 'tanh' }),
      y: tanh(before),
      dy,
      gradients: { dx, dweight, dbias },
    });
  });
});
