import { nn, scope } from '../../lib/index.js';
import { loadGolden } from '../golden.js';
import { checkGradients, loadParameters } from '../golden-module.js';
import { assertNear, fromRef, LONG_SUM, returnsMemory } from '../native-op.js';

interface Case {
  case: number;
  dModel: number;
  nHead: number;
  dimFeedforward: number;
  activation: 'relu' | 'gelu';
  normFirst: boolean;
  batchFirst: boolean;
  numLayers: number;
}

describe('golden encoder', () => {
  returnsMemory();

  for (const { params, tensors } of loadGolden<Case>('encoder').cases) {
    const { case: number, dModel, nHead, numLayers, ...options } = params;
    // A row of the feed-forward part sums so many terms.
    const bound = options.dimFeedforward > 1000 ? LONG_SUM : undefined;

    it(`agrees with PyTorch on (${tensors.x.shape}) with ${JSON.stringify({ case: number, ...options })}`, () => {
      const layer = new nn.TransformerEncoderLayer(dModel, nHead, { ...options, dropout: 0 });
      using encoder = new nn.TransformerEncoder(layer, numLayers);
      loadParameters(encoder, tensors, 'p.');
      scope(() => {
        const x = fromRef(tensors.x, { requiresGrad: true });
        const y = encoder.forward(x);
        assertNear(y, tensors.y, 'result', bound);
        y.backward(fromRef(tensors.gy));
        assertNear(x.grad, tensors.gx, 'gradient of x', bound);
        checkGradients(encoder, tensors, 'g.', bound);
      });
    });
  }
});
