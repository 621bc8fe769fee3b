import { nn, randn, scope, type Tensor } from '../../lib/index.js';
import { loadGolden } from '../golden.js';
import { checkGradients } from '../golden-module.js';
import { assertNear, assertSameBits, fromRef, intsFromRef, returnsMemory } from '../native-op.js';
import { drawParameters } from './drawn-parameters.js';

interface Case {
  case: number;
  kind: 'decoder' | 'transformer';
  dModel: number;
  nHead: number;
  dimFeedforward: number;
  activation: 'relu' | 'gelu';
  normFirst: boolean;
  batchFirst: boolean;
  masks: string[];
  numEncoderLayers: number;
  numDecoderLayers: number;
}

describe('Transformer with a decoder', () => {
  returnsMemory();

  for (const { params, tensors } of loadGolden<Case>('decoder').cases) {
    const { case: number, kind, dModel, nHead, masks = [], numEncoderLayers, numDecoderLayers, ...options } = params;

    const check = (module: nn.Module, run: (tgt: Tensor, memory: Tensor) => Tensor): void => {
      drawParameters(module);
      scope(() => {
        const tgt = fromRef(tensors.tgt, { requiresGrad: true });
        const memory = fromRef(tensors.memory, { requiresGrad: true });
        const y = run(tgt, memory);
        assertNear(y, tensors.y, 'result');
        y.backward(fromRef(tensors.gy));
        assertNear(tgt.grad, tensors.gtgt, 'gradient of tgt');
        assertNear(memory.grad, tensors.gmemory, 'gradient of memory');
        checkGradients(module, tensors, 'g.', 1e-4);
      });
    };

    it(`agrees with PyTorch's ${kind}: ${JSON.stringify({ case: number, ...options, masks })}`, () => {
      if (kind === 'transformer') {
        using whole = new nn.Transformer({
          ...{ dModel, nHead, numEncoderLayers, numDecoderLayers },
          ...{ dimFeedforward: options.dimFeedforward, dropout: 0 },
        });
        check(whole, (tgt, src) => whole.forward(src, tgt, { tgtIsCausal: true }));
        return;
      }
      const layer = new nn.TransformerDecoderLayer(dModel, nHead, { ...options, dropout: 0 });
      using decoder = new nn.TransformerDecoder(layer, 2, new nn.LayerNorm(dModel));
      check(decoder, (tgt, memory) =>
        decoder.forward(tgt, memory, {
          tgtIsCausal: masks.includes('tgtIsCausal'),
          memoryIsCausal: masks.includes('memoryIsCausal'),
          ...(masks.includes('tgtKeyPaddingMask') && { tgtKeyPaddingMask: intsFromRef(tensors.tgtKeyPaddingMask) }),
          ...(masks.includes('memoryKeyPaddingMask') && {
            memoryKeyPaddingMask: intsFromRef(tensors.memoryKeyPaddingMask),
          }),
        }),
      );
    });
  }

  it('under a causal mask, gives the first positions what they are given alone', () => {
    using layer = new nn.TransformerDecoderLayer(16, 2, { dimFeedforward: 8 });
    layer.eval();
    scope(() => {
      const [tgt, memory] = [randn([1, 6, 16]), randn([1, 3, 16])];
      const whole = layer.forward(tgt, memory, { tgtIsCausal: true });
      const part = layer.forward(tgt.slice(1, 0, 4), memory, { tgtIsCausal: true });
      assertNear(whole.slice(1, 0, 4), { shape: part.shape, data: part.dataSync() }, 'the first positions');
    });
  });

  it('drops in training alone', () => {
    using layer = new nn.TransformerDecoderLayer(16, 2, { dimFeedforward: 8, dropout: 0.5 });
    scope(() => {
      const [tgt, memory] = [randn([1, 6, 16]), randn([1, 3, 16])];
      layer.eval();
      assertSameBits(layer.forward(tgt, memory), layer.forward(tgt, memory), 'two evaluations');
    });
  });
});
