import assert from 'node:assert/strict';
import { F, nn, scope, type Tensor } from '../../lib/index.js';
import { type GoldenCase, loadGolden } from '../golden.js';
import { checkGradients, loadParameters } from '../golden-module.js';
import { assertNear, fromRef, intsFromRef, LONG_SUM, returnsMemory } from '../native-op.js';

interface Case {
  batchSize: number;
  batchFirst: boolean;
  dimFeedforward: number;
}

const [CHANNELS, PATCH, DIM, HEADS, LAYERS, CLASSES] = [3, 4, 8, 8, 6, 10];

/** The encoder and head with the fixture's parameters. */
function modules({ params, tensors }: GoldenCase<Case>): { encoder: nn.TransformerEncoder; head: nn.Linear } {
  const { batchFirst, dimFeedforward } = params;
  const layer = new nn.TransformerEncoderLayer(DIM, HEADS, { dimFeedforward, dropout: 0, batchFirst });
  const encoder = new nn.TransformerEncoder(layer, LAYERS);
  const head = new nn.Linear(DIM, CLASSES);
  loadParameters(encoder, tensors, 'p.encoder.');
  loadParameters(head, tensors, 'p.head.');
  return { encoder, head };
}

/** The fixture's convolution kernel: the naive route's weight, transposed and reshaped. */
function kernelOf(weight: Tensor): Tensor {
  return F.reshape(F.transpose(weight, 0, 1), [DIM, CHANNELS, PATCH, PATCH]);
}

describe('golden worked example', () => {
  returnsMemory();

  for (const golden of loadGolden<Case>('worked-example').cases) {
    const { params, tensors } = golden;
    const bound = params.dimFeedforward > 1000 ? LONG_SUM : undefined;

    it(`has PyTorch's values and gradients at each of the five steps with ${JSON.stringify(params)}`, () => {
      const { encoder, head } = modules(golden);
      scope(() => {
        const weight = fromRef(tensors.weight, { requiresGrad: true });
        const cls = fromRef(tensors.cls, { requiresGrad: true });
        const table = fromRef(tensors.table, { requiresGrad: true });
        const image = fromRef(tensors.image);
        const [n] = image.shape;

        const patches = F.unfold(image, { kernelSize: PATCH, stride: PATCH });
        assertNear(F.matmul(patches.transpose(-1, -2), weight), tensors.naive, 'patches times weight');
        assertNear(F.image2embNaive(image, PATCH, weight), tensors.naive, 'naive route');
        const embedded = F.image2embConv(image, kernelOf(weight), PATCH);
        assertNear(embedded, tensors.conv, 'convolution route');

        const withClass = F.cat([cls, embedded], 1);
        const positions = F.tile(F.slice(table, 0, 0, withClass.shape[1]), [n, 1, 1]);
        const tokens = withClass.add(positions);
        assertNear(tokens, tensors.tokens, 'tokens');
        const encoded = encoder.forward(tokens);
        assertNear(encoded, tensors.encoded, 'encoded', bound);
        const logits = head.forward(F.reshape(F.slice(encoded, 1, 0, 1), [n, DIM]));
        assertNear(logits, tensors.logits, 'logits', bound);
        const loss = F.crossEntropy(logits, intsFromRef(tensors.label));
        assertNear(loss, tensors.loss, 'loss', bound);

        loss.backward();
        assertNear(weight.grad, tensors['g.weight'], 'gradient of the patch weight', bound);
        assertNear(cls.grad, tensors['g.cls'], 'gradient of the class token', bound);
        assertNear(table.grad, tensors['g.table'], 'gradient of the position table', bound);
        checkGradients(encoder, tensors, 'g.encoder.', bound);
        checkGradients(head, tensors, 'g.head.', bound);
      });
      encoder.dispose();
      head.dispose();
    });

    it(`has the same gradients by the naive route with ${JSON.stringify(params)}`, () => {
      const { encoder, head } = modules(golden);
      scope(() => {
        const weight = fromRef(tensors.weight, { requiresGrad: true });
        const table = F.slice(fromRef(tensors.table), 0, 0, 5);
        const tokens = F.cat([fromRef(tensors.cls), F.image2embNaive(fromRef(tensors.image), PATCH, weight)], 1);
        const encoded = encoder.forward(tokens.add(table));
        const logits = head.forward(F.reshape(F.slice(encoded, 1, 0, 1), [params.batchSize, DIM]));
        F.crossEntropy(logits, intsFromRef(tensors.label)).backward();
        assertNear(weight.grad, tensors['g.weight'], 'gradient of the patch weight', bound);
      });
      encoder.dispose();
      head.dispose();
    });
  }

  it('attends across the batch when the batch does not come first, and so gives another loss', () => {
    const [across, along] = loadGolden<Case>('worked-example').cases;
    assert.deepEqual([across.params.batchFirst, along.params.batchFirst], [false, true]);
    const { encoder, head } = modules(across);
    const { encoder: other, head: otherHead } = modules({ ...across, params: { ...across.params, batchFirst: true } });
    scope(() => {
      const tokens = fromRef(across.tensors.tokens);
      assert.notDeepEqual(encoder.forward(tokens).dataSync(), other.forward(tokens).dataSync());
    });
    for (const module of [encoder, head, other, otherHead]) module.dispose();
  });
});
