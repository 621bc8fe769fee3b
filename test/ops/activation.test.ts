import assert from 'node:assert/strict';
import { F, scope, tensor } from '../../lib/index.js';
import { assertBadInput, checkOp, fromRef, returnsMemory, valuesOf } from '../native-op.js';
import { map, type Ref, ref, zeros } from '../reference/array.js';
import { assertClose } from '../reference/assert-close.js';
import { gelu, geluBackward, geluTanh, geluTanhBackward, quickGelu, quickGeluBackward } from '../reference/gelu.js';
import { generator, normal } from '../reference/random.js';
import { relu, reluBackward } from '../reference/relu.js';

const ACTIVATIONS = [
  { name: 'gelu', run: F.gelu, forward: gelu, backward: geluBackward },
  {
    name: 'gelu by tanh',
    run: (x: Parameters<typeof F.gelu>[0]) => F.gelu(x, { approximate: 'tanh' }),
    forward: geluTanh,
    backward: geluTanhBackward,
  },
  { name: 'quickGelu', run: F.quickGelu, forward: quickGelu, backward: quickGeluBackward },
  { name: 'relu', run: F.relu, forward: relu, backward: reluBackward },
];

describe('activations', () => {
  returnsMemory();

  for (const { name, run, forward, backward } of ACTIVATIONS) {
    const check = (x: Ref, dy: Ref): void =>
      checkOp({ inputs: { x }, run: (t) => run(t.x), y: forward(x), dy, gradients: { dx: backward(dy, x) } });

    for (const shape of [[], [1], [7], [17], [197], [3, 5, 197], [0], [0, 7], [2, 0]]) {
      it(`${name} of (${shape}) has the reference's value and gradient`, () => {
        const random = generator(1);
        check(normal(shape, random, 2), normal(shape, random));
      });
    }

    it(`${name} has no hole between its tails and zero`, () => {
      const x = ref(
        [4001],
        Array.from({ length: 4001 }, (_, i) => Math.fround((i - 2000) / 160)),
      );
      check(
        x,
        map(x, () => 1),
      );
    });

    it(`${name} keeps ends and signs of zero, infinities apart`, () => {
      const x = ref([8], [0, -0, 30, -30, 1e-8, -1e-8, 1e30, -1e30].map(Math.fround));
      scope(() => {
        const actual = valuesOf(run(fromRef(x)));
        // Beyond -10 the value is 0 to float32: bounded against 1, not against 1e30.
        assertClose(actual, forward(x), { absolute: 1e-7, relative: 1e-5 });
      });
    });

    it(`${name} passes NaN on`, () => {
      scope(() => {
        const y = run(tensor([1, Number.NaN, -1])).dataSync();
        assert.deepEqual(
          [...y].map((value) => Number.isNaN(value)),
          [false, true, false],
        );
      });
    });

    it(`${name} has no gradient where it is NaN, or hands it on`, () => {
      scope(() => {
        const x = tensor([1, Number.NaN, -1]);
        x.requiresGrad = true;
        run(x).sum().backward();
        const [, gradient = 0] = x.grad?.dataSync() ?? [];
        if (name === 'relu') assert.equal(gradient, 1);
        else assert.ok(Number.isNaN(gradient), `the gradient is ${gradient}`);
      });
    });

    it(`${name} adds to both uses of one tensor`, () => {
      const x = normal([17], generator(2));
      const dy = normal([17], generator(3));
      const one = backward(dy, x);
      checkOp({
        inputs: { x },
        run: (t) => F.add(run(t.x), run(t.x)),
        y: map(forward(x), (value) => 2 * value),
        dy,
        gradients: { dx: map(one, (value) => 2 * value) },
      });
    });
  }

  it('refuses an approximation that is none', () => {
    assertBadInput(() => F.gelu(tensor([1]), { approximate: 'fast' as 'tanh' }), /one of 'none', 'tanh' .*'fast'/);
  });

  it('relu has no gradient at zero', () => {
    const x = zeros([3]);
    checkOp({ inputs: { x }, run: (t) => F.relu(t.x), y: x, dy: ref([3], [1, 2, 3]), gradients: { dx: x } });
  });
});
