import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { nn, type Tensor, ViT, type ViTOptions } from '../../../lib/index.js';
import { chunks, onnxPieces } from '../../../lib/io/onnx/export-model.js';
import { fromRef, valuesOf } from '../../native-op.js';
import { drawParameters } from '../../nn/drawn-parameters.js';
import { runOnnx } from '../../onnx/interpreter.js';
import { type OnnxFile, parseOnnx, readOnnx } from '../../onnx/reader.js';
import { assertClose } from '../../reference/assert-close.js';
import { generator, uniform } from '../../reference/random.js';
import { temporaryDirectory } from '../temporary-directory.js';

const TINY = { imgSize: 8, patchSize: 4, inChans: 2, embedDim: 8, depth: 2, numHeads: 2, mlpRatio: 2, numClasses: 3 };

/** Every option that makes another graph. */
const MODELS: Record<string, ViTOptions> = {
  'as it usually is': {},
  'of one channel, rectangular': { imgSize: [8, 16], patchSize: [4, 8], inChans: 1 },
  'by unfolding': { patchEmbed: 'unfold' },
  'with registers, LayerScale and norms of queries and keys': { regTokens: 2, initValues: 0.5, qkNorm: true },
  'without biases': { qkvBias: false, projBias: false, act: 'relu' },
  'with a norm in front': { preNorm: true, act: 'gelu_tanh' },
  'without class token, mean': { classToken: false, globalPool: 'avg' },
  'mean of the patches': { globalPool: 'avg', fcNorm: false },
  'mean and maximum': { globalPool: 'avgmax', regTokens: 1, noEmbedClass: true },
  maximum: { globalPool: 'max', finalNorm: false },
  'attention pooling': { globalPool: 'map', regTokens: 1 },
  'attention pooling, normed behind': { globalPool: 'map', fcNorm: true, classToken: false },
  'all tokens': { globalPool: '' },
  features: { numClasses: 0 },
  'pre-logits': { representationSize: 5 },
  distilled: { distilled: true },
  'distilled, normed behind': { distilled: true, fcNorm: true, numClasses: 0 },
  'positions without class token': { noEmbedClass: true, posEmbedPlacement: 'layers' },
  'positions by row and column': { posEmbed: 'learned2d', posEmbedPlacement: 'shared', imgSize: [8, 12] },
  sines: { posEmbed: 'sincos2d', imgSize: [8, 12] },
  'no positions': { posEmbed: 'none' },
  'relative positions': { posEmbed: 'relative' },
  'relative positions of the first block': { posEmbed: 'relative', posEmbedPlacement: 'stem', globalPool: 'avg' },
  'one table of relative positions': { posEmbed: 'relative', posEmbedPlacement: 'shared' },
  'images that are padded': { imgSize: [9, 14], dynamicImgPad: true },
  'behind a stem': { imgSize: 16, resnetLayers: [] },
  "EVA's rotary positions, inner norms, no bias of keys": {
    ...{
      embedDim: 16,
      rope: 'eva',
      ropeGrid: [4, 4],
      keyBias: false,
      mlpLayer: 'swiglu',
      mlpNorm: true,
      attnNorm: true,
    },
    imgSize: [8, 12],
  },
  "DINOv3's": {
    embedDim: 16,
    rope: 'dinov3',
    posEmbed: 'none',
    regTokens: 2,
    keyBias: false,
    qkNorm: true,
    globalPool: 'avg',
  },
  "ViT-5's": {
    ...{
      embedDim: 16,
      rope: 'eva',
      ropeRegTemperature: 100,
      regTokens: 4,
      normLayer: 'rmsnorm',
      qkNorm: true,
      qkvBias: false,
    },
    noEmbedClass: true,
  },
  "BEiT's scores for distances": { relPosBias: 'layers', keyBias: false, imgSize: [8, 12] },
  'one table of scores for distances': { relPosBias: 'shared', posEmbed: 'none', globalPool: 'avg' },
  "a CLIP's projection": { preNorm: true, act: 'quick_gelu', headBias: false },
  'class token and mean': { globalPool: 'tokenavg', mlpLayer: 'swiglu', maskToken: true },
  silu: { act: 'silu', mlpNorm: true },
  'behind a ResNet': { imgSize: 9, patchSize: 1, resnetLayers: [1, 1] },
};

function build(options: ViTOptions): ViT {
  const model = new ViT({ ...TINY, ...options }).eval();
  drawParameters(model);
  return model;
}

function drawImages(model: ViT | nn.Swin, count: number) {
  const { imgSize, inChans } = model.config;
  const [height, width] = typeof imgSize === 'number' ? [imgSize, imgSize] : imgSize;
  return uniform([count, inChans, height, width], generator(7), -1, 1);
}

/** What `export` writes of a model; most tests do without the disk, whose flushes take longer than they do. */
async function exported(model: ViT | nn.Swin): Promise<OnnxFile> {
  const parts: Uint8Array[] = [];
  for await (const part of chunks(onnxPieces(model))) parts.push(part);
  return parseOnnx(Buffer.concat(parts));
}

describe('model.export', () => {
  const file = temporaryDirectory();

  for (const [name, options] of Object.entries(MODELS)) {
    it(`writes a graph that computes what the model does: ${name}`, async () => {
      using model = build(options);
      const graph = await exported(model);
      for (const count of [1, 3]) {
        const images = drawImages(model, count);
        using x = fromRef(images);
        using y: Tensor = model.forward(x);
        const [result] = Object.values(runOnnx(graph, { pixel_values: images }));
        assertClose(valuesOf(y), result);
        const sizes = graph.outputs[0].shape.map((size) => (size === 'batch' ? count : size));
        assert.deepEqual(sizes, [...y.shape]);
      }
    });
  }

  const SWIN = {
    ...{ imgSize: 16, patchSize: 2, inChans: 2, embedDim: 4, numClasses: 3, windowSize: 4, mlpRatio: 2 },
    ...{ depths: [2, 1], numHeads: [1, 2] },
  };
  const SWINS: Record<string, nn.SwinOptions> = {
    'version 1': {},
    'version 1, padded': { imgSize: [12, 20], qkvBias: false, globalPool: '' },
    'version 2': { version: 2 },
    'version 2, features': { version: 2, windowSize: 3, numClasses: 0, qkvBias: false },
  };
  for (const [name, options] of Object.entries(SWINS)) {
    it(`writes a graph that computes what a Swin does: ${name}`, async () => {
      using model = new nn.Swin({ ...SWIN, ...options }).eval();
      drawParameters(model);
      const images = drawImages(model, 2);
      using x = fromRef(images);
      using y = model.forward(x);
      const [result] = Object.values(runOnnx(await exported(model), { pixel_values: images }));
      assertClose(valuesOf(y), result);
    });
  }

  it("has the state dict's names, shapes and values", async () => {
    using model = build({});
    const { initializers } = await exported(model);
    for (const [name, parameter] of model.stateDict()) {
      const written = initializers.get(name);
      assert.ok(written !== undefined, name);
      assert.deepEqual([written.shape, written.values], [[...parameter.shape], [...parameter.dataSync()]], name);
      assert.equal(written.external, false);
    }
  });

  it('says its versions, names, sizes, classes and preprocessing', async () => {
    using model = build({});
    model.pretrainedConfig = {
      ...{ layout: 'vitrine', resize: [8, 8], crop: [8, 8], interpolation: 'bicubic', mean: [0.5], std: [0.25] },
      labels: ['oak', 'elm', 'ash'],
    };
    await model.export(file('model.onnx'));
    const { irVersion, opset, inputs, outputs, metadata } = readOnnx(file('model.onnx'));
    assert.deepEqual([irVersion, opset], [8, 17]);
    assert.deepEqual(inputs, [{ name: 'pixel_values', shape: ['batch', 2, 8, 8] }]);
    assert.deepEqual(outputs, [{ name: 'logits', shape: ['batch', 3] }]);
    assert.deepEqual(JSON.parse(metadata.classes), ['oak', 'elm', 'ash']);
    assert.deepEqual(JSON.parse(metadata.preprocessing).std, [0.25]);
    assert.equal(JSON.parse(metadata.vitrine).config.embedDim, 8);
  });

  it('puts weights into a file beside where that is asked for', async () => {
    using model = build({ globalPool: 'avg' });
    await model.export(file('large.onnx'), { externalData: true });
    const graph = readOnnx(file('large.onnx'));
    assert.equal(graph.initializers.get('blocks.1.mlp.fc1.weight')?.external, true);
    assert.ok(statSync(file('large.onnx.data')).size > 4 * model.numParameters());
    const images = drawImages(model, 2);
    using x = fromRef(images);
    using y = model.forward(x);
    assertClose(valuesOf(y), runOnnx(graph, { pixel_values: images }).logits);
  });

  it('merges adapters into their weights', async () => {
    using model = build({});
    nn.applyLora(model, { rank: 2 });
    for (const [name, parameter] of model.namedParameters()) {
      if (name.includes('lora'))
        parameter.set(Float32Array.from({ length: parameter.size }, (_, i) => Math.sin(i) / 4));
    }
    const images = drawImages(model, 2);
    using x = fromRef(images);
    using y = model.forward(x);
    assertClose(valuesOf(y), runOnnx(await exported(model), { pixel_values: images }).logits);
  });

  it('refuses a model that does other than its class says', async () => {
    using model = build({});
    using _hook = model.blocks.at(0)?.registerForwardHook((_block, _args, y) => y);
    await assert.rejects(model.export(file('none.onnx')), /model\.export|export.*code of its own/);
    class Own extends ViT {
      override forward(images: Tensor): Tensor {
        return super.forward(images).mul(2);
      }
    }
    using own = new Own(TINY);
    await assert.rejects(own.export(file('none.onnx')), /code of its own/);
  });

  it('refuses a path that cannot be written, in one sentence', async () => {
    using model = build({});
    await assert.rejects(model.export(file('none/model.onnx')), /Expected a writable file/);
    await assert.rejects(model.export(''), /Expected a path for export/);
  });
});
