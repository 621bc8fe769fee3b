import assert from 'node:assert/strict';
import { F, scope, type Tensor, zeros } from '../../lib/index.js';
import { attentionWeights } from '../../lib/ops/attention-weights.js';
import * as compare from '../../lib/ops/compare.js';
import * as elementwise from '../../lib/ops/elementwise.js';
import * as extrema from '../../lib/ops/extrema.js';
import * as reductions from '../../lib/ops/reductions.js';
import * as unary from '../../lib/ops/unary.js';
import { assertBadInput, returnsMemory } from '../native-op.js';

/** An op on good arguments, in order; one of them is then spoilt. */
interface Call {
  shapes: number[][];
  /** Arguments that are int32, or may be either. */
  ints?: number[];
  either?: number[];
  run: (...args: Tensor[]) => unknown;
}

const HEADS = [1, 2, 3, 4];

/** The functions of two tensors, and those of one, which need nothing else. */
const ofOne = Object.keys(unary).map((name) => [
  name,
  {
    shapes: [[3]],
    run: (x: Tensor) => F[name as 'exp'](x),
    either: ['neg', 'abs', 'sign', 'square'].includes(name) ? [0] : [],
  },
]);
const ofTwo = Object.keys({ ...compare, ...elementwise }).map((name) => [
  name,
  {
    shapes: [[3], [3]],
    run: (a: Tensor, b: Tensor) => F[name as 'sub'](a, b),
    either: name === 'xlogy' ? [1] : [0, 1],
  },
]);

const ofRows = Object.keys({ ...extrema, ...reductions, sum: F.sum }).map((name) => [
  name,
  {
    shapes: [[3]],
    run: (x: Tensor) => F[name as 'sum'](x),
    either: name in extrema || name === 'prod' || name === 'sum' ? [0] : [],
  },
]);

/** The functions that move elements of one tensor, of either dtype. */
const LAYOUT: Record<string, (x: Tensor) => unknown> = {
  argsort: (x) => F.argsort(x),
  chunk: (x) => F.chunk(x, 2),
  cumsum: (x) => F.cumsum(x, 0),
  diagonal: (x) => F.diagonal(x),
  expand: (x) => F.expand(x, [4, 2, 3]),
  flatten: (x) => F.flatten(x),
  flip: (x) => F.flip(x, 0),
  index: (x) => F.index(x, [0]), // an item may be null, words or an array: test/ops/indexing.test.ts has those
  movedim: (x) => F.movedim(x, 0, 1),
  narrow: (x) => F.narrow(x, 1, 0, 2),
  nonzero: (x) => void F.nonzero(x).then((indices) => indices.dispose()),
  repeat: (x) => F.repeat(x, [2, 1]),
  repeatInterleave: (x) => F.repeatInterleave(x, 2, 0),
  roll: (x) => F.roll(x, 1),
  select: (x) => F.select(x, 0, 1),
  sort: (x) => F.sort(x),
  split: (x) => F.split(x, 1),
  squeeze: (x) => F.squeeze(x),
  topk: (x) => F.topk(x, 2),
  tril: (x) => F.tril(x),
  triu: (x) => F.triu(x),
  unbind: (x) => F.unbind(x),
  unflatten: (x) => F.unflatten(x, 1, [3, 1]),
  unsqueeze: (x) => F.unsqueeze(x, 0),
};
const ofLayout = Object.entries(LAYOUT).map(([name, run]) => [name, { shapes: [[2, 3]], either: [0], run }]);

const CALLS: Record<string, Call> = {
  ...(Object.fromEntries([...ofOne, ...ofTwo, ...ofRows, ...ofLayout]) as Record<string, Call>), // as made above
  attention: { shapes: [HEADS, HEADS, HEADS], run: (q, k, v) => F.attention(q, k, v) },
  'attention with padding': {
    shapes: [HEADS, HEADS, HEADS, [1, 3]],
    ints: [3],
    run: (q, k, v, keyPaddingMask) => F.attention(q, k, v, { keyPaddingMask }),
  },
  attentionQkv: { shapes: [[1, 3, 24]], run: (qkv) => F.attentionQkv(qkv, 2) },
  attentionWeights: { shapes: [HEADS, HEADS], run: (q, k) => attentionWeights(q, k) },
  avgPool2d: { shapes: [[1, 2, 4, 4]], run: (x) => F.avgPool2d(x, { kernelSize: 2 }) },
  batchNorm: { shapes: [[2, 3], [3], [3], [3], [3]], run: (x, mean, v, w, b) => F.batchNorm(x, mean, v, w, b) },
  cat: { shapes: [[3], [3]], either: [0, 1], run: (a, b) => F.cat([a, b]) },
  checkpoint: { shapes: [[3]], run: (x) => F.checkpoint((y) => F.relu(y), x) },
  clamp: { shapes: [[3]], either: [0], run: (x) => F.clamp(x, { min: 0 }) },
  clone: { shapes: [[3]], either: [0], run: (x) => F.clone(x) },
  float: { shapes: [[3]], either: [0], run: (x) => F.float(x) },
  bfloat16: { shapes: [[3]], either: [0], run: (x) => F.bfloat16(x) },
  conv2d: { shapes: [[1, 2, 5, 5], [3, 2, 2, 2], [3]], run: (x, w, b) => F.conv2d(x, w, b) },
  crossEntropy: { shapes: [[2, 3], [2]], ints: [1], run: (x, labels) => F.crossEntropy(x, labels) },
  dropout: { shapes: [[3]], run: (x) => F.dropout(x, 0.5) },
  dropPath: { shapes: [[3]], run: (x) => F.dropPath(x, 0.5) },
  einsum: {
    shapes: [
      [2, 3],
      [3, 2],
    ],
    run: (a, b) => F.einsum('ij,jk->ik', a, b),
  },
  embedding: { shapes: [[2], [3, 4]], ints: [0], run: (index, table) => F.embedding(index, table) },
  expandAs: { shapes: [[3], [2, 3]], either: [0, 1], run: (x, other) => F.expandAs(x, other) },
  fold: { shapes: [[1, 4, 4]], run: (x) => F.fold(x, { kernelSize: 2, outputSize: 3 }) },
  gather: { shapes: [[3], [2]], ints: [1], either: [0], run: (x, index) => F.gather(x, 0, index) },
  gelu: { shapes: [[3]], run: (x) => F.gelu(x) },
  groupNorm: { shapes: [[2, 4, 3], [4], [4]], run: (x, w, b) => F.groupNorm(x, 2, w, b) },
  image2embConv: {
    shapes: [
      [1, 2, 4, 4],
      [3, 2, 2, 2],
    ],
    run: (x, w) => F.image2embConv(x, w),
  },
  image2embNaive: {
    shapes: [
      [1, 2, 4, 4],
      [8, 3],
    ],
    run: (x, w) => F.image2embNaive(x, 2, w),
  },
  indexSelect: { shapes: [[3], [2]], ints: [1], either: [0], run: (x, index) => F.indexSelect(x, 0, index) },
  adaptiveAvgPool2d: { shapes: [[1, 2, 4, 4]], run: (x) => F.adaptiveAvgPool2d(x, 3) },
  interpolate: { shapes: [[1, 2, 4, 4]], run: (x) => F.interpolate(x, { size: 3, mode: 'bilinear' }) },
  layerNorm: { shapes: [[2, 3], [3], [3]], run: (x, w, b) => F.layerNorm(x, w, b) },
  addLayerNorm: { shapes: [[2, 3], [2, 3], [3], [3]], run: (x, r, w, b) => F.addLayerNorm(x, r, w, b) },
  mseLoss: { shapes: [[3], [3]], run: (a, b) => F.mseLoss(a, b) },
  l1Loss: { shapes: [[3], [3]], run: (a, b) => F.l1Loss(a, b) },
  smoothL1Loss: { shapes: [[3], [3]], run: (a, b) => F.smoothL1Loss(a, b) },
  huberLoss: { shapes: [[3], [3]], run: (a, b) => F.huberLoss(a, b) },
  binaryCrossEntropyWithLogits: { shapes: [[3], [3]], run: (a, b) => F.binaryCrossEntropyWithLogits(a, b) },
  klDiv: { shapes: [[3], [3]], run: (a, b) => F.klDiv(a, b) },
  nllLoss: { shapes: [[2, 3], [2]], ints: [1], run: (x, labels) => F.nllLoss(x, labels) },
  linear: {
    shapes: [[2, 3], [4, 3], [4], [2, 4]],
    run: (x, w, b, residual) => F.linear(x, w, b, { residual, activation: 'gelu' }),
  },
  maskedFill: { shapes: [[2, 3], [3]], ints: [1], either: [0], run: (x, mask) => F.maskedFill(x, mask, 1) },
  matmul: {
    shapes: [
      [2, 3],
      [3, 2],
    ],
    run: (a, b) => F.matmul(a, b),
  },
  maxPool2d: { shapes: [[1, 2, 4, 4]], run: (x) => F.maxPool2d(x, { kernelSize: 2 }) },
  mean: { shapes: [[3]], run: (x) => F.mean(x) },
  outer: { shapes: [[2], [3]], run: (a, b) => F.outer(a, b) },
  pad: { shapes: [[2, 3]], run: (x) => F.pad(x, [1, 1, 1, 1]) },
  patchEmbed: { shapes: [[1, 2, 4, 4], [3, 2, 2, 2], [3]], run: (x, w, b) => F.patchEmbed(x, w, b) },
  permute: { shapes: [[2, 3]], either: [0], run: (x) => F.permute(x, [1, 0]) },
  pow: { shapes: [[3]], run: (x) => F.pow(x, 3) },
  quickGelu: { shapes: [[3]], run: (x) => F.quickGelu(x) },
  relu: { shapes: [[3]], run: (x) => F.relu(x) },
  reshape: { shapes: [[2, 3]], either: [0], run: (x) => F.reshape(x, [6]) },
  rmsNorm: { shapes: [[2, 3], [3]], run: (x, w) => F.rmsNorm(x, w) },
  rotaryEmbedding: {
    shapes: [
      [2, 3, 4],
      [3, 2],
      [3, 2],
    ],
    run: (x, cos, sin) => F.rotaryEmbedding(x, cos, sin),
  },
  rotaryEmbeddingQkv: {
    shapes: [
      [1, 3, 24],
      [3, 2],
      [3, 2],
    ],
    run: (qkv, cos, sin) => F.rotaryEmbeddingQkv(qkv, 2, cos, sin),
  },
  scaledDotProductAttention: { shapes: [HEADS, HEADS, HEADS], run: (q, k, v) => F.scaledDotProductAttention(q, k, v) },
  scatter: {
    shapes: [[3], [2], [2]],
    ints: [1],
    either: [0], // the source has to be of its dtype
    run: (x, index, source) => F.scatter(x, 0, index, source),
  },
  scatterAdd: {
    shapes: [[3], [2], [2]],
    ints: [1],
    either: [0], // the source has to be of its dtype
    run: (x, index, source) => F.scatterAdd(x, 0, index, source),
  },
  slice: { shapes: [[3]], either: [0], run: (x) => F.slice(x, 0, 1) },
  softmax: { shapes: [[3]], run: (x) => F.softmax(x) },
  stack: { shapes: [[3], [3]], either: [0], run: (a, b) => F.stack([a, b]) },
  swiglu: { shapes: [[3, 4]], run: (x) => F.swiglu(x) },
  tanh: { shapes: [[3]], run: (x) => F.tanh(x) },
  tile: { shapes: [[3]], either: [0], run: (x) => F.tile(x, [2]) },
  to: { shapes: [[3]], either: [0], run: (x) => F.to(x, 'int32') },
  transpose: { shapes: [[2, 3]], either: [0], run: (x) => F.transpose(x, 0, 1) },
  where: { shapes: [[3], [3], [3]], ints: [0], either: [1, 2], run: (c, a, b) => F.where(c, a, b) },
  windowAttention: {
    shapes: [[1, 2, 2, 12], [9, 2], [2]],
    run: (qkv, table, cosine) => F.windowAttention(qkv, table, { windowSize: 2, cosine }),
  },
  unfold: { shapes: [[1, 2, 3, 3]], run: (x) => F.unfold(x, { kernelSize: 2 }) },
};

const dtypeOf = ({ ints = [] }: Call, i: number) => (ints.includes(i) ? 'int32' : 'float32');

function make(call: Call): Tensor[] {
  return call.shapes.map((shape, i) => zeros(shape, { dtype: dtypeOf(call, i) }));
}

describe('every op', () => {
  returnsMemory();

  it('is in this table, or has none of the arguments that it spoils', () => {
    const missing = Object.keys(F).filter((name) => !(name in CALLS));
    assert.deepEqual(missing, []);
  });

  for (const [name, call] of Object.entries(CALLS)) {
    it(`${name} runs on its good arguments`, () => {
      scope(() => {
        call.run(...make(call));
      });
    });

    for (const i of call.shapes.keys()) {
      const dtype = dtypeOf(call, i);
      const other = dtype === 'int32' ? 'float32' : 'int32';

      if (!call.either?.includes(i)) {
        it(`${name} refuses ${other} for argument ${i}`, () => {
          assertBadInput(
            () => call.run(...make(call).with(i, zeros(call.shapes[i], { dtype: other }))),
            new RegExp(`(${dtype} tensor|shape) .*a ${other} tensor`),
          );
        });
      }

      it(`${name} refuses a tensor disposed for argument ${i}`, () => {
        assert.throws(
          () =>
            scope(() => {
              const args = make(call);
              args[i].dispose();
              call.run(...args);
            }),
          /^Error: Expected a live tensor but received one that was disposed, a \w+ tensor of shape \(.*\)\. Keep it/,
        );
      });

      it(`${name} refuses what is no tensor for argument ${i}`, () => {
        for (const wrong of [null, 'x', [1, 2, 3], new Float32Array(3), {}]) {
          assertBadInput(() => call.run(...make(call).with(i, wrong as unknown as Tensor)), /Expected .* but received/);
        }
      });

      it(`${name} refuses another worker's tensor for argument ${i}`, () => {
        const foreign = structuredClone({ shape: call.shapes[i], dtype }) as unknown as Tensor;
        assertBadInput(() => call.run(...make(call).with(i, foreign)), /a Tensor for .*another worker/);
      });
    }
  }
});
