import assert from 'node:assert/strict';
import { F, scope, type Tensor } from '../../lib/index.js';
import type { ClampOptions } from '../../lib/ops/clamp-options.js';
import { loadGolden } from '../golden.js';
import { fromRef } from '../native-op.js';
import { full, type Ref } from '../reference/array.js';

interface Params {
  op: string;
  exponent?: number;
  bounds?: ClampOptions;
  /** Whether it is a function of two. */
  pairs?: boolean;
}

function run({ op, exponent, bounds }: Params, x: Tensor): Tensor {
  if (exponent !== undefined) return F.pow(x, exponent);
  if (bounds !== undefined) return F.clamp(x, bounds);
  return F[op as 'exp'](x); // a function of one tensor
}

// Threads that compute take what is smaller for 0, and write 0 in its place; PyTorch does so only when asked.
const LEAST_NORMAL = 2 ** -126;

/** The same zeros, infinities and NaNs; the same numbers to 1e-6 or to float32's least normal one. */
function assertEdges(actual: ArrayLike<number>, expected: Ref, inputs: Ref, what: string): void {
  for (const [i, e] of expected.data.entries()) {
    const a = actual[i];
    const input = Math.abs(inputs.data[i]);
    if (input > 0 && input < LEAST_NORMAL) continue;
    const plain = e !== 0 && Number.isFinite(e);
    const same = plain ? Math.abs(a - e) <= 1e-6 * Math.abs(e) + LEAST_NORMAL : Object.is(a, e);
    assert.ok(same, `${what} at ${inputs.data[i]} is ${a}, ${e} in PyTorch`);
  }
}

describe('edges of elementwise functions', () => {
  const { cases } = loadGolden<Params>('elementwise');
  for (const { params, tensors } of cases.filter((one) => one.params.pairs !== true)) {
    const { op, exponent, bounds } = params;
    it(`${op}${exponent ?? ''}${JSON.stringify(bounds) ?? ''} is PyTorch's at zeros, infinities and NaN`, () => {
      scope(() => {
        const x = fromRef(tensors.x, { requiresGrad: true });
        const y = run(params, x);
        assertEdges(y.dataSync(), tensors.y, tensors.x, op);
        y.backward(fromRef(full(y.shape, 1)));
        assertEdges(x.grad?.dataSync() ?? [], tensors.dx, tensors.x, `the gradient of ${op}`);
      });
    });
  }

  for (const { params, tensors } of cases.filter((one) => one.params.pairs === true)) {
    const op = params.op as 'sub'; // a function of two tensors
    it(`${op} is PyTorch's at pairs of zeros, infinities and NaN`, () => {
      scope(() => {
        const [a, b] = [fromRef(tensors.a, { requiresGrad: true }), fromRef(tensors.b, { requiresGrad: true })];
        const y = F[op](a, b);
        assertEdges(y.dataSync(), tensors.y, tensors.a, op);
        if (tensors.da === undefined) return;
        y.backward(fromRef(full(y.shape, 1)));
        assertEdges(a.grad?.dataSync() ?? [], tensors.da, tensors.a, `the first gradient of ${op}`);
        assertEdges(b.grad?.dataSync() ?? [], tensors.db, tensors.b, `the second gradient of ${op}`);
      });
    });
  }
});
