import assert from 'node:assert/strict';
import { F, scope, type Tensor } from '../../lib/index.js';
import type { IndexItem } from '../../lib/ops/index-items.js';
import type { SortOptions, TopkOptions } from '../../lib/ops/sort.js';
import { loadGolden } from '../golden.js';
import { assertNear, fromRef, intsFromRef, returnsMemory, valuesOf } from '../native-op.js';
import type { Ref } from '../reference/array.js';

interface Params {
  op: 'index' | 'gather' | 'scatter' | 'scatterAdd' | 'indexSelect' | 'sort' | 'topk' | 'cumsum' | 'einsum';
  items?: IndexItem[];
  dim?: number;
  value?: number;
  k?: number;
  options?: SortOptions & TopkOptions;
  equation?: string;
}

/** The op of a case on its inputs, by name: the result, and indices where it gives some. */
function run(params: Params, inputs: Record<string, Tensor>, at: Tensor | undefined): { y: Tensor; index?: Tensor } {
  const { op, dim = 0, options = {} } = params;
  const { x } = inputs;
  const index = at as Tensor; // where the op takes one
  switch (op) {
    case 'index':
      return { y: x.index(params.items ?? []) };
    case 'gather':
      return { y: x.gather(dim, index) };
    case 'indexSelect':
      return { y: x.indexSelect(dim, index) };
    case 'scatter':
      return { y: x.scatter(dim, index, params.value ?? inputs.source) };
    case 'scatterAdd':
      return { y: x.scatterAdd(dim, index, inputs.source) };
    case 'cumsum':
      return { y: x.cumsum(dim) };
    case 'einsum':
      return { y: F.einsum(params.equation ?? '', ...Object.values(inputs)) };
    case 'sort':
    case 'topk': {
      const { values, indices } = op === 'sort' ? x.sort(options) : x.topk(params.k ?? 0, options);
      return { y: values, index: indices };
    }
  }
}

/** Names of differentiated inputs: those with a gradient beside them. */
function inputsOf(tensors: Record<string, Ref>): string[] {
  return Object.keys(tensors)
    .filter((name) => name !== 'y' && `d${name}` in tensors)
    .sort();
}

describe('elements chosen, sorted, summed up and contracted', () => {
  returnsMemory();
  for (const [i, { params, tensors }] of loadGolden<Params>('indexing').cases.entries()) {
    const { op, case: _, ...rest } = params as Params & { case: number };
    it(`${i}: ${op} ${JSON.stringify(rest)} is PyTorch's, and so are its gradients`, () => {
      scope(() => {
        const inputs = Object.fromEntries(
          inputsOf(tensors).map((name) => [name, fromRef(tensors[name], { requiresGrad: true })]),
        );
        const { y, index } = run(params, inputs, tensors.at && intsFromRef(tensors.at));
        // Sorting moves bits; the sign of a zero is told apart by its index.
        assertNear(y, tensors.y, op);
        if (index !== undefined) assert.deepEqual([...index.dataSync()], [...tensors.index.data]);
        y.backward(fromRef(tensors.dy));
        for (const [name, input] of Object.entries(inputs)) assertNear(input.grad, tensors[`d${name}`], `d${name}`);
      });
    });
  }

  it('has cases of every op', () => {
    const ops = new Set(loadGolden<Params>('indexing').cases.map(({ params }) => params.op));
    assert.equal(ops.size, 9);
    assert.deepEqual(valuesOf(fromRef({ shape: [0], data: new Float64Array() })).shape, [0]);
  });
});
