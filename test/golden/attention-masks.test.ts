import assert from 'node:assert/strict';
import { nn, scope, type Tensor } from '../../lib/index.js';
import { loadGolden } from '../golden.js';
import { checkGradients, loadParameters } from '../golden-module.js';
import { assertNear, assertSameBits, fromRef, intsFromRef, returnsMemory } from '../native-op.js';
import type { Ref } from '../reference/array.js';

interface Case {
  op: string;
  options: Record<string, boolean | number>;
  mask: 'float' | 'boolean' | 'none';
  causal: boolean;
}

const { cases } = loadGolden<Case>('attention-masks');
const camelCase = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** A mask by what it is in the file: true, there, hides a key, as 1 does here. */
const maskOf = (mask: Ref, kind: string): Tensor => (kind === 'float' ? fromRef(mask) : intsFromRef(mask));

describe('golden attention', () => {
  returnsMemory();

  for (const { params, tensors } of cases.filter(({ params }) => params.op === 'multihead')) {
    const { options, mask: kind, causal } = params;
    const { q, k, v, mask, padding, y, gy, weights, each } = tensors;
    it(`MultiheadAttention(${JSON.stringify(options)}) with a ${kind} mask (${mask?.shape}), padding ${padding !== undefined}`, () => {
      const own = Object.fromEntries(Object.entries(options).map(([name, value]) => [camelCase(name), value]));
      using module = new nn.MultiheadAttention(12, 3, own);
      loadParameters(module, tensors, 'p.');
      scope(() => {
        const [tq, tk, tv] = [q, k, v].map((x) => fromRef(x, { requiresGrad: true }));
        const masks = {
          causal,
          ...(mask && { attnMask: maskOf(mask, kind) }),
          ...(padding && { keyPaddingMask: intsFromRef(padding) }),
        };
        const result = module.forward(tq, tk, tv, masks);
        assertNear(result, y, 'result');
        result.backward(fromRef(gy));
        for (const [x, name] of [
          [tq, 'q'],
          [tk, 'k'],
          [tv, 'v'],
        ] as const) {
          assertNear(x.grad, tensors[`g.${name}`], `gradient of ${name}`);
        }
        checkGradients(module, tensors, 'gp.');
        const [again, mean] = module.forward(tq, tk, tv, { ...masks, needWeights: true });
        assertNear(again, y, 'result beside weights');
        assertNear(mean, weights, 'weights');
        const [, whole] = module.forward(tq, tk, tv, { ...masks, needWeights: true, averageAttnWeights: false });
        assertNear(whole, each, 'weights of each head');
      });
    });
  }

  for (const { tensors } of cases.filter(({ params }) => params.op === 'transformer')) {
    it('Transformer with a mask for each attention', () => {
      const layers = { numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 12, dropout: 0 };
      using model = new nn.Transformer({ dModel: 8, nHead: 2, ...layers });
      loadParameters(model, tensors, 'p.');
      scope(() => {
        const [src, tgt] = ['src', 'tgt'].map((name) => fromRef(tensors[name], { requiresGrad: true }));
        const masks = {
          srcMask: fromRef(tensors.src_mask),
          tgtMask: intsFromRef(tensors.tgt_mask),
          memoryMask: fromRef(tensors.memory_mask),
        };
        const y = model.forward(src, tgt, masks);
        assertNear(y, tensors.y, 'result');
        y.backward(fromRef(tensors.gy));
        assertNear(src.grad, tensors['g.src'], 'gradient of the source');
        assertNear(tgt.grad, tensors['g.tgt'], 'gradient of the target');
        checkGradients(model, tensors, 'gp.', 2e-5);
      });
    });
  }

  it('weights are those after dropout', () => {
    using module = new nn.MultiheadAttention(4, 2, { dropout: 1 });
    scope(() => {
      const x = fromRef({ shape: [1, 3, 4], data: Float64Array.from({ length: 12 }, (_, i) => i) });
      const [, weights] = module.forward(x, x, x, { needWeights: true });
      assert.deepEqual(new Set(weights.dataSync()), new Set([0]));
      const [y] = module.eval().forward(x, x, x, { needWeights: true });
      assertNear(y, { shape: x.shape, data: module.forward(x).dataSync() }, 'evaluation');
      assertSameBits(module.forward(x, x, x, { needWeights: false }), module.forward(x), 'without weights');
    });
  });
});
