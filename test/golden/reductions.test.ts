import assert from 'node:assert/strict';
import { F, scope, type Tensor, tensor } from '../../lib/index.js';
import { loadGolden } from '../golden.js';
import { fromRef, returnsMemory } from '../native-op.js';
import type { Ref } from '../reference/array.js';

interface Params {
  op: string;
  options: { dim?: number | number[]; keepDim?: boolean; correction?: number; p?: string };
}

function run({ op, options }: Params, x: Tensor): Tensor {
  if (op === 'logSoftmax') return F.logSoftmax(x, options.dim as number); // a number there
  const { p, ...rest } = options;
  const given = p === undefined ? rest : { ...rest, p: Number(p.replace('inf', 'Infinity')) };
  const y = (F[op as 'amax'] as (x: Tensor, options: object) => Tensor | { values: Tensor })(x, given);
  return 'values' in y ? y.values : y;
}

function assertSame(actual: ArrayLike<number>, expected: Ref, what: string): void {
  assert.equal(actual.length, expected.data.length, what);
  for (const [i, e] of expected.data.entries()) {
    const a = actual[i];
    const same = Number.isFinite(e) ? Math.abs(a - e) <= 1e-5 * Math.max(1, Math.abs(e)) : Object.is(a, e);
    assert.ok(same, `${what}[${i}] is ${a}, ${e} in PyTorch`);
  }
}

describe('reductions, beside PyTorch', () => {
  returnsMemory();
  const { cases } = loadGolden<Params>('reductions');
  for (const [i, { params, tensors }] of cases.entries()) {
    it(`${params.op} ${JSON.stringify(params.options)} of (${tensors.x.shape}), case ${i}`, () => {
      scope(() => {
        const x = fromRef(tensors.x, { requiresGrad: true });
        const y = run(params, x);
        assert.deepEqual([...y.shape], tensors.y.shape);
        assertSame(y.dataSync(), tensors.y, 'y');
        if (tensors.dx === undefined) return;
        y.backward(
          tensor(
            Float32Array.from({ length: y.size }, (_, k) => k + 1),
            y.shape,
          ),
        );
        assertSame(x.grad?.dataSync() ?? [], tensors.dx, 'dx');
      });
    });
  }
});
