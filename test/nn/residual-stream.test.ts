import assert from 'node:assert/strict';
import {
  autocast,
  F,
  manualSeed,
  nn,
  randn,
  scope,
  type Tensor,
  tensor,
  ViT,
  type ViTConfig,
} from '../../lib/index.js';
import { addToStream, fromStream, toStream } from '../../lib/nn/residual-stream.js';
import { returnsMemory } from '../native-op.js';
import { rounded } from '../ops/rounded.js';

type Model = ViT | nn.Swin;

/** The length of a - b, as a share of b's. */
function relativeError(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): number {
  let [difference, square] = [0, 0];
  for (const [i, values] of b.entries()) {
    for (let at = 0; at < values.length; at++) {
      difference += ((a[i]?.[at] ?? NaN) - values[at]) ** 2;
      square += values[at] ** 2;
    }
  }
  return Math.sqrt(difference / square);
}

interface Pass {
  logits: Tensor;
  gradients: Float32Array[];
  /** What leaves each block. */
  stored: Set<string>;
}

function passOf(model: Model, images: Tensor, precision: 'fp32' | 'bf16'): Pass {
  const stored = new Set<string>();
  const blocks = [...model.namedModules().values()].filter((module) => module.constructor.name.endsWith('Block'));
  const hooks = blocks.map((block) => block.registerForwardHook((_, __, y) => void stored.add((y as Tensor).dtype)));
  manualSeed(3); // of dropped paths
  const logits = autocast(precision, () => model.forward(images));
  F.crossEntropy(logits, tensor(Int32Array.from([1, 0, 3]))).backward();
  const gradients = model.parameters().map(({ grad }) => {
    assert.equal(grad?.dtype ?? 'float32', 'float32');
    return grad?.dataSync() ?? new Float32Array();
  });
  for (const parameter of model.parameters()) {
    parameter.grad?.dispose();
    parameter.grad = null;
  }
  for (const hook of hooks) hook.remove();
  return { logits, gradients: gradients as Float32Array[], stored }; // of float32
}

/** Asserts that both passes stay finite and near each other, blocks handing on what they should. */
function assertStream(model: Model, images: Tensor, options: { bound?: number } = {}): void {
  scope(() => {
    const whole = passOf(model, images, 'fp32');
    const half = passOf(model, images, 'bf16');
    assert.deepEqual([...whole.stored], ['float32']);
    assert.deepEqual([...half.stored], ['bfloat16']);
    assert.equal(half.logits.dtype, 'float32');
    for (const values of half.gradients) assert.ok(values.every(Number.isFinite));
    // Roundings are off by 2^-9 (2e-3) at most each, evenly spread: some twenty of them on a way through the model.
    const { bound = 20 ** 0.5 * 2 ** -8 } = options;
    const error = relativeError([half.logits.dataSync()], [whole.logits.dataSync()]);
    assert.ok(error > 1e-4 && error < bound, `logits: ${error}`);
    const ofGradients = relativeError(half.gradients, whole.gradients);
    assert.ok(ofGradients > 1e-4 && ofGradients < 2 * bound, `gradients: ${ofGradients}`);
  });
}

const MODELS: Record<string, Partial<ViTConfig>> = {
  'as in the paper': {},
  'with layer scale and dropped paths': { initValues: 0.5, dropPathRate: 0.3 },
  'with dropout': { projDropRate: 0.1 },
  "as EVA's: rotary positions, SwiGLU, inner norms, no bias of keys": {
    ...{ rope: 'eva', mlpLayer: 'swiglu', mlpNorm: true, attnNorm: true, keyBias: false },
    ...{ posEmbed: 'learned1d', globalPool: 'avg' },
  },
  "as DINOv3's": { rope: 'dinov3', posEmbed: 'none', regTokens: 4, initValues: 1, noEmbedClass: true },
  "as BEiT's": { relPosBias: 'shared', posEmbed: 'none', globalPool: 'avg', fcNorm: true },
  'with RMS norms': { normLayer: 'rmsnorm', qkNorm: true },
  'with positions before each block, without a final norm': { posEmbedPlacement: 'layers', finalNorm: false },
  'pooled by attention': { globalPool: 'map', classToken: false },
  'with two tokens, norms before the blocks': { distilled: true, preNorm: true },
};

describe('the residual stream', () => {
  returnsMemory();

  for (const [what, options] of Object.entries(MODELS)) {
    it(`of a ViT is bfloat16 under autocast: ${what}`, () => {
      manualSeed(1);
      using model = new ViT({
        ...{ imgSize: 24, patchSize: 4, embedDim: 48, depth: 3, numHeads: 2, numClasses: 5 },
        ...options,
      });
      using images = randn([3, 3, 24, 24]);
      assertStream(model, images);
    });
  }

  for (const version of [1, 2] as const) {
    it(`of a Swin of version ${version} is bfloat16 under autocast`, () => {
      manualSeed(1);
      const sizes = { imgSize: 32, patchSize: 2, embedDim: 16, depths: [2, 2], numHeads: [1, 2], windowSize: 4 };
      using model = new nn.Swin({ ...sizes, version, numClasses: 5, dropPathRate: 0.2 });
      for (const module of model.namedModules().values()) {
        if (module instanceof nn.LayerNorm) nn.init.ones(module.weight); // version 2's branches begin as nothing
      }
      using images = randn([3, 3, 32, 32]);
      assertStream(model, images);
    });
  }

  it('rounds each sum once, and takes its gradient for each part as that is stored', () => {
    scope(() => {
      const x = randn([3, 5]).bfloat16().detach();
      const branch = randn([1, 5]).detach();
      for (const part of [x, branch]) part.requiresGrad = true;
      const y = addToStream(x, branch);
      assert.equal(y.dtype, 'bfloat16');
      const [a, b] = [x.dataSync(), branch.dataSync()];
      assert.deepEqual(
        Array.from(y.dataSync()),
        Array.from(a, (value, i) => rounded(Math.fround(value + b[i % 5]))),
      );
      y.backward(tensor(new Float32Array(15).fill(0.5), [3, 5]));
      assert.equal(x.grad?.dtype, 'bfloat16');
      assert.deepEqual(Array.from(branch.grad?.dataSync() ?? []), new Array(5).fill(1.5));
    });
  });

  it('is float32 outside of autocast, and what leaves it is float32 always', () => {
    scope(() => {
      const x = randn([2, 3]);
      assert.equal(toStream(x), x);
      const stream = autocast('bf16', () => toStream(x));
      assert.equal(stream.dtype, 'bfloat16');
      assert.equal(fromStream(stream).dtype, 'float32');
      manualSeed(1);
      const model = new ViT({ imgSize: 8, patchSize: 4, embedDim: 16, depth: 2, numHeads: 2, numClasses: 0 });
      const images = randn([1, 3, 8, 8]);
      const maps = autocast('bf16', () => [
        model.forwardFeatures(images),
        ...model.intermediateLayers(images, 2),
        ...model.featurePyramid(images, { outIndices: [0] }),
      ]);
      assert.deepEqual(
        maps.map(({ dtype }) => dtype),
        ['float32', 'float32', 'float32', 'float32'],
      );
      model.dispose();
    });
  });
});
