import loose from 'node:assert';
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import {
  Capture,
  data,
  F,
  fence,
  nn,
  ones,
  optim,
  randn,
  reset,
  scope,
  type Tensor,
  Trainer,
  tensor,
  ViT,
  zeros,
} from '../../lib/index.js';
import { returnsMemory } from '../native-op.js';
import { sanitized } from '../sanitized.js';

const owned: { dispose(): void }[] = [];

/** Has something disposed after the test. */
function own<T extends { dispose(): void }>(item: T): T {
  owned.push(item);
  return item;
}

/** As `returnsMemory`, once all that is owned is gone. */
function returnsOwned(): void {
  afterEach(() => {
    for (const item of owned.splice(0)) item.dispose();
  });
  returnsMemory();
}

const parameter = (): Tensor => own(ones([2], { requiresGrad: true }));
const dataset = {
  images: new Float32Array(4),
  labels: new Int32Array(1),
  count: 1,
  shape: [1, 2, 2],
  numClasses: 2,
} as const;
const vit = (): ViT =>
  own(new ViT({ imgSize: 2, patchSize: 2, inChans: 1, embedDim: 4, depth: 1, numHeads: 1, numClasses: 2 }));
const sgd = (params: Tensor[], momentum = 0): optim.SGD => own(new optim.SGD(params, { lr: 1, momentum }));
const linear = (): nn.Linear => own(new nn.Linear(2, 2));

/** Two that are different, and alike in all that is not private. */
const PAIRS: Record<string, () => [object, object]> = {
  'tensors of other values': () => [own(tensor([1, 2])), own(tensor([1, 3]))],
  'tensors of another shape': () => [own(tensor([1, 2], [2])), own(tensor([1, 2], [1, 2]))],
  'tensors of another dtype': () => [own(tensor([1])), own(tensor(new Int32Array([1])))],
  modules: () => [linear(), linear()],
  'lists of modules': () => [new nn.ModuleList([linear()]), new nn.ModuleList([new nn.ReLU()])],
  models: () => [vit(), vit()],
  optimizers: () => [sgd([parameter()]), sgd([parameter()], 1)],
  loaders: () => [
    new data.DataLoader(dataset, { batchSize: 1 }),
    new data.DataLoader(dataset, { batchSize: 1, shuffle: true }),
  ],
  captures: () => {
    const x = own(ones([2]));
    const capture = (factor: number) => own(new Capture(() => void x.mul(factor).dispose()));
    return [capture(2), capture(3)];
  },
  trainers: () => {
    const model = vit();
    const options = { model, optimizer: sgd(model.parameters()), train: dataset, batchSize: 1 };
    return [new Trainer({ ...options, epochs: 1 }), new Trainer({ ...options, epochs: 2 })];
  },
};

describe('deep equality', () => {
  returnsOwned();

  for (const [name, make] of Object.entries(PAIRS)) {
    it(`tells different ${name} apart, and takes each for itself`, () => {
      const [a, b] = make();
      for (const { deepEqual } of [assert, loose]) {
        deepEqual(a, a);
        deepEqual({ list: [a, new Map([['b', b]])] }, { list: [a, new Map([['b', b]])] });
        assert.throws(() => deepEqual(a, b), { name: 'AssertionError' });
        assert.throws(() => deepEqual([new Set([a])], [new Set([b])]), { name: 'AssertionError' });
      }
    });
  }
});

describe('a shape', () => {
  returnsOwned();

  const made: Record<string, () => Tensor> = {
    tensor: () => tensor([[1, 2]]),
    'tensor with a shape': () => tensor([1, 2], [1, 2]),
    zeros: () => zeros([1, 2]),
    randn: () => randn([1, 2]),
    'an op': () => F.matmul(ones([1, 3]), ones([3, 2])),
    reshape: () => ones([2]).reshape([1, 2]),
    detach: () => ones([1, 2]).detach(),
    'a parameter': () => own(new nn.Linear(2, 1)).weight,
  };
  for (const [name, make] of Object.entries(made)) {
    it(`of ${name} cannot be changed`, () => {
      const x = own(scope(make)) as unknown as Omit<Tensor, 'shape' | 'dtype'> & { shape: number[]; dtype: string };
      assert.throws(() => {
        x.shape[0] = 1e9;
      }, TypeError);
      assert.throws(() => x.shape.push(2), TypeError);
      assert.throws(() => {
        x.shape = [1e9];
      }, TypeError);
      assert.throws(() => {
        x.dtype = 'int32';
      }, TypeError);
      assert.deepEqual(x.shape, [1, 2]);
    });
  }

  it('that the caller gave stays the caller’s', () => {
    const shape = [1, 2];
    const results = scope(() => [zeros(shape), tensor([1, 2], shape), ones([2]).reshape(shape), randn(shape)]);
    results.forEach(own);
    shape[0] = 7;
    for (const x of results) assert.deepEqual(x.shape, [1, 2]);
  });
});

describe('console.log of a tensor', () => {
  returnsOwned();

  const shown = async (make: () => Tensor, depth = 2): Promise<string> => {
    const x = own(scope(make));
    await fence();
    return inspect(x, { depth });
  };

  /** What takes a while to compute. */
  const slow = (): Tensor =>
    scope(() => {
      let y = randn([512, 512]);
      for (let i = 0; i < (sanitized ? 3 : 20); i++) y = y.matmul(y);
      return y;
    });

  it('shows shape, dtype and values that are there', async () => {
    assert.equal(await shown(() => tensor([1, 2.5, -3e-9])), 'Tensor(float32 (3)) [1, 2.5, -3e-9]');
    assert.equal(
      await shown(() =>
        tensor([
          [1, 2],
          [3, 4],
        ]).mul(2),
      ),
      'Tensor(float32 (2,2))\n[[2, 4],\n [6, 8]]',
    );
    assert.equal(await shown(() => tensor(new Int32Array([-7]))), 'Tensor(int32 (1)) [-7]');
    assert.equal(
      await shown(() => tensor(1 / 3, [], { requiresGrad: true })),
      'Tensor(float32 (), requiresGrad) 0.33333',
    );
    assert.equal(
      await shown(() => tensor([Number.NaN, Number.POSITIVE_INFINITY])),
      'Tensor(float32 (2)) [NaN, Infinity]',
    );
    assert.equal(await shown(() => zeros([0, 3])), 'Tensor(float32 (0,3))\n[]');
  });

  it('leaves the middle of a large one out', async () => {
    const values = Float32Array.from({ length: 100 }, (_, i) => i);
    assert.equal(await shown(() => tensor(values)), 'Tensor(float32 (100)) [0, 1, 2, ..., 97, 98, 99]');
    const rows = '[[0, 1],\n [2, 3],\n [4, 5],\n ...,\n [94, 95],\n [96, 97],\n [98, 99]]';
    assert.equal(await shown(() => tensor(values, [50, 2])), `Tensor(float32 (50,2))\n${rows}`);
    const planes = '[[[0, ..., 4],\n  ...,\n  [15, ..., 19]],\n ...,\n [[80, ..., 84],\n  ...,\n  [95, ..., 99]]]';
    assert.equal(await shown(() => tensor(values, [5, 4, 5])), `Tensor(float32 (5,4,5))\n${planes}`);
    assert.ok((await shown(() => zeros([100, 100, 100, 100]))).length < 500);
    assert.ok((await shown(() => zeros([4, 4, 4, 4, 4, 4, 4, 4]))).length < 10_000);
  });

  it('waits for nothing: values on their way are not shown, and those that are there still are', async () => {
    const early = own(tensor([1, 2]));
    await fence();
    const late = own(slow());
    assert.equal(inspect(late), 'Tensor(float32 (512,512), not computed yet)');
    assert.equal(inspect(early), 'Tensor(float32 (2)) [1, 2]');
    await fence();
    assert.match(inspect(late), /^Tensor\(float32 \(512,512\)\)\n\[\[/);
  });

  it('shows no values in a captured function, after a fault, while a replay is on its way, or of a disposed one', async () => {
    const x = own(tensor([1, 2]));
    await fence();
    const capture = new Capture(() => {
      assert.equal(inspect(x), 'Tensor(float32 (2), not computed yet)');
      return slow();
    });
    own(capture.result);
    own(capture);
    await fence();
    assert.match(inspect(capture.result), /\[\[/);
    capture.replay();
    assert.equal(inspect(capture.result), 'Tensor(float32 (512,512), not computed yet)');
    scope(() => void F.crossEntropy(ones([1, 2]), tensor(new Int32Array([5]))));
    await assert.rejects(fence());
    assert.equal(inspect(x), 'Tensor(float32 (2), not computed yet)');
    reset();
    x.dispose();
    assert.equal(await shown(() => x), 'Tensor(float32 (2), disposed)');
  });

  it('is brief inside other objects, and as a string or JSON', async () => {
    const x = own(tensor([1, 2]));
    await fence();
    assert.equal(inspect({ a: [x] }), '{ a: [ Tensor(float32 (2)) [1, 2] ] }');
    assert.equal(await shown(() => x, -1), 'Tensor(float32 (2))');
    assert.equal(String(x), 'Tensor(float32 (2))');
    assert.equal(JSON.stringify({ x }), '{"x":{"dtype":"float32","shape":[2]}}');
    const y = own(parameter().mul(2)); // one that a graph hangs on
    assert.equal(JSON.stringify(y), '{"dtype":"float32","shape":[2]}');
  });
});
