import { F, randn, type Tensor } from '../../lib/index.js';
import { relativeShift } from '../../lib/ops/relative-shift.js';
import { assertBadInput, checkOp, returnsMemory } from '../native-op.js';
import { ref, zeros } from '../reference/array.js';
import { generator, normal } from '../reference/random.js';

describe('relativeShift', () => {
  returnsMemory();

  for (const [outer, tokens] of [
    [[], 1],
    [[], 2],
    [[3], 5],
    [[2, 3], 17],
  ] as const) {
    it(`takes each query's offsets to its keys: (${[...outer, tokens, 2 * tokens - 1]})`, () => {
      const random = generator(8);
      const x = normal([...outer, tokens, 2 * tokens - 1], random);
      const dy = normal([...outer, tokens, tokens], random);
      const dx = zeros(x.shape);
      const from = Array.from(dy.data, (_, at) => {
        const [row, j] = [Math.floor(at / tokens), at % tokens];
        return row * (2 * tokens - 1) + tokens - 1 + j - (row % tokens);
      });
      for (const [at, i] of from.entries()) dx.data[i] += dy.data[at] ?? 0;
      const y = ref(
        dy.shape,
        from.map((i) => x.data[i] ?? 0),
      );
      checkOp({ inputs: { x }, run: (t: { x: Tensor }) => relativeShift(t.x), y, dy, gradients: { dx } });
    });
  }

  it('refuses another number of offsets', () => {
    assertBadInput(() => relativeShift(F.add(randn([3, 6]), 0)), /5 offsets/);
  });
});
