import assert from 'node:assert/strict';
import { nn, scope, type Tensor } from '../../lib/index.js';
import { loadGolden } from '../golden.js';
import { withPrefix } from '../golden-module.js';
import { assertNear, fromRef, intsFromRef, returnsMemory } from '../native-op.js';

interface Case {
  module: string;
  args: unknown[];
  options: object | null;
  training: boolean;
}

type OfTensor = nn.Module & { forward(x: Tensor): Tensor };

const INTEGERS = ['num_batches_tracked'];

describe('golden modules', () => {
  returnsMemory();

  for (const { params, tensors } of loadGolden<Case>('modules').cases) {
    const { module: name, args, options, training } = params;
    const { x, y, gy, gx } = tensors;
    it(`${name}(${JSON.stringify(args)}, ${JSON.stringify(options)}) on (${x.shape})${training ? '' : ' in evaluation'}`, () => {
      const Class = nn[name as keyof typeof nn] as unknown as new (...args: unknown[]) => OfTensor;
      using module = new Class(...args, ...(options === null ? [] : [options]));
      scope(() => {
        const state = [...withPrefix(tensors, 's.')];
        module.loadStateDict(
          new Map(state.map(([key, v]) => [key, (INTEGERS.includes(key) ? intsFromRef : fromRef)(v)])),
        );
        module.train(training);
        const input = gx === undefined ? intsFromRef(x) : fromRef(x, { requiresGrad: true });
        module.forward(input);
        const output = module.forward(input);
        assertNear(output, y, 'result');
        output.backward(fromRef(gy));
        if (gx !== undefined) assertNear(input.grad, gx, 'gradient of the input');
        for (const [key, parameter] of module.namedParameters()) {
          assertNear(parameter.grad, tensors[`g.${key}`], `gradient of ${key}`);
        }
        const buffers = module.namedBuffers();
        assert.deepEqual([...buffers.keys()].sort(), [...withPrefix(tensors, 'b.').keys()].sort());
        for (const [key, buffer] of buffers) assertNear(buffer, tensors[`b.${key}`], `buffer ${key}`);
      });
    });
  }
});
