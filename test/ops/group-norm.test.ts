import { F, ones, randn, type Tensor } from '../../lib/index.js';
import { assertBadInput, checkOp, returnsMemory } from '../native-op.js';
import { groupNorm, groupNormBackward } from '../reference/group-norm.js';
import { generator, normal } from '../reference/random.js';

describe('groupNorm', () => {
  returnsMemory();

  for (const [shape, groups, eps] of [
    [[2, 4, 3, 5], 2, 1e-5],
    [[1, 6, 2, 2], 1, 1e-3],
    [[3, 6, 7], 6, 1e-5],
    [[2, 8], 2, 1e-5],
    [[2, 64, 8, 8], 32, 1e-5],
  ] as const) {
    it(`has the reference's value and gradients: (${shape}) in ${groups} groups`, () => {
      const random = generator(4);
      const x = normal(shape, random, 2);
      const [weight, bias] = [normal([shape[1]], random), normal([shape[1]], random)];
      const dy = normal(shape, random);
      checkOp({
        inputs: { x, weight, bias },
        run: (t: Record<'x' | 'weight' | 'bias', Tensor>) => F.groupNorm(t.x, groups, t.weight, t.bias, { eps }),
        y: groupNorm(x, groups, { weight, bias, eps }),
        dy,
        gradients: groupNormBackward(dy, x, groups, { weight, eps }),
      });
    });
  }

  it('needs neither weight nor bias', () => {
    const random = generator(6);
    const [x, dy] = [normal([2, 4, 3], random), normal([2, 4, 3], random)];
    const run = (t: { x: Tensor }) => F.groupNorm(t.x, 2);
    checkOp({ inputs: { x }, run, y: groupNorm(x, 2), dy, gradients: { dx: groupNormBackward(dy, x, 2).dx } });
  });

  it('refuses groups that do not divide the channels', () => {
    assertBadInput(() => F.groupNorm(randn([2, 6, 4]), 4), /groups that divide the 6 channels/);
    assertBadInput(() => F.groupNorm(randn([2, 6, 4]), 3, ones([3])), /groupNorm weight/);
  });
});
