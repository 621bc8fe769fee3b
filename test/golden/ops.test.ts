import { F } from '../../lib/index.js';
import { type GoldenCase, loadGolden } from '../golden.js';
import { checkOp, fromRef, intsFromRef, returnsMemory } from '../native-op.js';
import { type Ref, ref, zeros } from '../reference/array.js';

type Case =
  | { op: 'layerNorm'; eps: number }
  | { op: 'gelu'; approximate: 'none' | 'tanh' }
  | { op: 'relu' }
  | { op: 'softmax'; dim: number }
  | { op: 'crossEntropy'; labelSmoothing: number; reduction: 'mean'; soft?: true }
  | { op: 'attention'; causal: boolean };

const ONE = ref([], [1]);

function check({ params, tensors }: GoldenCase<Case>): void {
  const { x, y, gy, gx } = tensors;
  switch (params.op) {
    case 'layerNorm': {
      // A lone element is its own mean: these gradients are 0, of which PyTorch's rounding leaves 1e-6 and less.
      const exact = (gradient: Ref): Ref => (x.shape.at(-1) === 1 ? zeros(gradient.shape) : gradient);
      checkOp({
        inputs: { x, weight: tensors.weight, bias: tensors.b },
        run: (t) => F.layerNorm(t.x, t.weight, t.bias, { eps: params.eps }),
        y,
        dy: gy,
        gradients: { dx: exact(gx), dweight: exact(tensors.gweight), dbias: tensors.gb },
      });
      break;
    }
    case 'gelu':
      checkOp({
        inputs: { x },
        run: (t) => F.gelu(t.x, { approximate: params.approximate }),
        y,
        dy: gy,
        gradients: { dx: gx },
      });
      break;
    case 'relu':
      checkOp({ inputs: { x }, run: (t) => F.relu(t.x), y, dy: gy, gradients: { dx: gx } });
      break;
    case 'softmax':
      checkOp({ inputs: { x }, run: (t) => F.softmax(t.x, params.dim), y, dy: gy, gradients: { dx: gx } });
      break;
    case 'crossEntropy': {
      const { labelSmoothing, reduction, soft } = params;
      const target = () => (soft ? fromRef(tensors.target) : intsFromRef(tensors.label));
      checkOp({
        inputs: { x },
        run: (t) => F.crossEntropy(t.x, target(), { labelSmoothing, reduction }),
        y,
        dy: ONE,
        gradients: { dx: gx },
      });
      break;
    }
    case 'attention':
      checkOp({
        inputs: { q: tensors.q, k: tensors.k, v: tensors.v },
        run: (t) => F.attention(t.q, t.k, t.v, { causal: params.causal }),
        y,
        dy: gy,
        gradients: { dq: tensors.gq, dk: tensors.gk, dv: tensors.gv },
      });
      break;
  }
}

describe('golden ops', () => {
  returnsMemory();

  for (const golden of loadGolden<Case>('ops').cases) {
    const { op, ...options } = golden.params;
    const of: Ref = golden.tensors.x ?? golden.tensors.q;
    it(`${op} agrees with PyTorch on (${of.shape}) with ${JSON.stringify(options)}`, () => check(golden));
  }
});
