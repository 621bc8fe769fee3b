import { F, tensor, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, checkOp, returnsMemory } from '../native-op.js';
import { add, addBackward } from '../reference/add.js';
import { map } from '../reference/array.js';
import { broadcastShape } from '../reference/broadcast.js';
import { mul, mulBackward } from '../reference/mul.js';
import { generator, normal } from '../reference/random.js';

const SHAPES: [number[], number[]][] = [
  [[], []],
  [[1], [1]],
  [[7], [7]],
  [[197], []],
  [[], [17]],
  [[1], [17]],
  [[17, 197], [197]],
  [
    [197, 17],
    [197, 1],
  ],
  [
    [7, 1, 17],
    [1, 5, 1],
  ],
  [
    [2, 3, 4, 5],
    [3, 1, 5],
  ],
  [[5], [2, 3, 4, 5]],
  [
    [2, 1, 2, 1, 2, 1, 2, 3],
    [1, 2, 1, 2, 1, 2, 1, 3],
  ],
  [
    [0, 7],
    [1, 7],
  ],
  [[0], [1]],
  [[3, 0], []],
];

const OPS = [
  { name: 'add', run: F.add, forward: add, backward: addBackward },
  { name: 'mul', run: F.mul, forward: mul, backward: mulBackward },
];

describe('add and mul', () => {
  returnsMemory();

  for (const { name, run, forward, backward } of OPS) {
    for (const [shapeA, shapeB] of SHAPES) {
      it(`${name} broadcasts (${shapeA}) with (${shapeB})`, () => {
        const random = generator(1);
        const a = normal(shapeA, random);
        const b = normal(shapeB, random);
        const dy = normal(broadcastShape(shapeA, shapeB), random);
        checkOp({
          inputs: { a, b },
          run: (t) => run(t.a, t.b),
          y: forward(a, b),
          dy,
          gradients: backward(dy, a, b),
        });
      });
    }

    it(`${name} takes one tensor twice`, () => {
      const x = normal([7, 17], generator(2));
      const dy = normal([7, 17], generator(3));
      const { da, db } = backward(dy, x, x);
      checkOp({
        inputs: { x },
        run: (t) => run(t.x, t.x),
        y: forward(x, x),
        dy,
        gradients: { dx: add(da, db) },
      });
    });

    it(`${name} refuses shapes that do not broadcast`, () => {
      assertBadInput(() => run(zeroTensor([2, 3]), zeroTensor([2])), /broadcast for \w+ .*\(2,3\) and \(2\)/);
      assertBadInput(() => run(zeroTensor([0]), zeroTensor([2])), /\(0\) and \(2\)/);
    });

    it(`${name} refuses a number that is none`, () => {
      assertBadInput(() => run(tensor([1]), Number.NaN), /finite number .*NaN/);
      assertBadInput(() => run(tensor([1]), Number.POSITIVE_INFINITY), /finite number .*Infinity/);
      assertBadInput(() => run(tensor([1]), '2' as unknown as number), /a Tensor .*'2'/);
    });
  }

  for (const shape of [[], [1], [197], [0, 3], [7, 17]]) {
    it(`add and mul take a number beside (${shape})`, () => {
      const x = normal(shape, generator(4));
      const dy = normal(shape, generator(5));
      const run = (factor: number, term: number) =>
        checkOp({
          inputs: { x },
          run: (t) => F.add(F.mul(t.x, factor), term),
          y: map(x, (value) => factor * value + term),
          dy,
          gradients: { dx: map(dy, (value) => factor * value) },
        });
      run(-2.5, 0.75);
      run(1, 0);
      run(0, 1);
    });
  }
});
