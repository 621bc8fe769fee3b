import { ones, scope, type Tensor, tensor, zeros } from '../../lib/index.js';
import { loadGolden } from '../golden.js';
import { assertNear, fromRef, returnsMemory } from '../native-op.js';

type Program = (a: Tensor, b: Tensor) => Tensor;
type Op = 'add_' | 'sub_' | 'mul_' | 'div_' | 'copy_' | 'fill_';

const flat = (x: Tensor): Tensor => x.reshape([-1]);

/** The programs of generate_in_place.py, by their names there. */
const PROGRAMS: Readonly<Record<string, Program>> = {
  fill_: (a, b) => a.mul(1.5).fill_(b.sum()).mul(b),
  zero_: (a, b) => a.mul(1.5).zero_().add(b),
  clamp_: (a, b) => a.mul(1.5).clamp_({ min: -0.5, max: 1 }).mul(b),
  'clamp_ from below': (a, b) => a.mul(1.5).clamp_({ min: -0.5 }).mul(b),
  chain: (a, b) => a.mul(a).add_(b).mul_(b).clamp_({ min: -1, max: 2 }).div_(b).sub_(a),
  of_itself: (a, b) => {
    const x = a.mul(b);
    return x.add_(x).sub_(x.mul(0.25));
  },
  view_changed: (a, b) => {
    const x = a.mul(2);
    flat(x).mul_(flat(b));
    return x;
  },
  base_changed: (a, b) => {
    const x = a.mul(2);
    const v = x.reshape([2, 6]);
    x.mul_(b);
    return v.mul(v);
  },
  both_changed: (a, b) => {
    const x = a.mul(2);
    const [v, w] = [flat(x), x.unsqueeze(0)];
    v.add_(flat(b));
    x.mul_(b);
    w.div_(3);
    v.mul_(2);
    return w.add(x);
  },
  view_of_view: (a, b) => {
    const x = a.mul(2);
    flat(x)
      .unsqueeze(0)
      .reshape([4, 3])
      .mul_(b.reshape([4, 3]));
    return x.add(a);
  },
  constant_changed: (a, b) => {
    const x = zeros([3, 4]);
    const v = flat(x);
    v.add_(flat(a));
    x.mul_(b);
    return x.add(v.reshape([3, 4]));
  },
  buffer: (a, b) => {
    const x = zeros([3, 4]);
    x.copy_(a);
    const y = x.mul(3);
    x.fill_(2);
    return y.add(x.mul(b));
  },
  detached: (a, b) => {
    const x = a.mul(2);
    x.detach().add_(1);
    return x.mul(b);
  },
};

function programOf(name: string): Program {
  const [op, ...rest] = name.split(' ') as [Op, ...string[]];
  if (PROGRAMS[name] !== undefined) return PROGRAMS[name];
  if (rest.length === 0) return (a, b) => a.mul(1.5)[op](b);
  if (rest.join(' ') === 'a number') return (a, b) => a.mul(1.5)[op](-1.75).mul(b);
  return (a, b) => ones([3, 4])[op](b).mul(a); // into a constant
}

describe('changes in place, beside PyTorch', () => {
  returnsMemory();
  const { cases } = loadGolden<{ program: string }>('in-place');
  for (const [i, { params, tensors }] of cases.entries()) {
    it(`${params.program}, case ${i}`, () => {
      scope(() => {
        const [a, b] = [tensors.a, tensors.b].map((x) => fromRef(x, { requiresGrad: true }));
        const y = programOf(params.program)(a, b);
        assertNear(y, tensors.y, 'y');
        y.backward(
          tensor(
            Float32Array.from({ length: y.size }, (_, k) => k + 1),
            y.shape,
          ),
        );
        if (tensors.da !== undefined) assertNear(a.grad, tensors.da, 'da');
        if (tensors.db !== undefined) assertNear(b.grad, tensors.db, 'db');
      });
    });
  }
});
