import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  background,
  Capture,
  evaluate,
  F,
  fence,
  getThreads,
  manualSeed,
  noGrad,
  optim,
  randn,
  reset,
  StreamError,
  scope,
  setThreads,
  type Tensor,
  type TensorData,
  Trainer,
  tensor,
  type ViT,
  zeros,
} from '../../lib/index.js';
import { sanitized } from '../sanitized.js';
import { parameterHash, textures, tinyViT } from '../train/tiny-problem.js';
import { keepBusy } from './keep-busy.js';
import { leavesNothing } from './leaves-nothing.js';

/** The names of promises in the order in which they settle. */
async function orderOf(named: Record<string, Promise<unknown>>): Promise<string[]> {
  const order: string[] = [];
  await Promise.all(Object.entries(named).map(([name, promise]) => promise.then(() => order.push(name))));
  return order;
}

describe('background', () => {
  it('lets what is enqueued later pass by', async () => {
    using x = tensor([1, 2]);
    background(keepBusy);
    const all = fence();
    using y = x.add(1);
    assert.deepEqual(await orderOf({ all, own: y.data() }), ['own', 'all']);
    assert.deepEqual([...(await y.data())], [2, 3]);
  });

  it('lets it pass a replayed step, command by command', async () => {
    using x = tensor([1, 2]);
    using step = background(() => new Capture(keepBusy));
    for (let i = 0; i < 3; i++) background(() => step.replay());
    const all = fence();
    using y = x.add(1);
    assert.deepEqual(await orderOf({ all, own: y.data() }), ['own', 'all']);
  });

  it('has what uses its results wait, and what follows from that, but nothing else', async () => {
    using x = tensor([1, 2]);
    using result = background(() => {
      keepBusy();
      return x.mul(10);
    });
    using after = result.add(1);
    using other = x.add(1);
    const reads = { after: after.data(), result: result.data(), other: other.data() };
    assert.deepEqual(await orderOf(reads), ['other', 'after', 'result']);
    assert.deepEqual([...(await reads.after), ...(await reads.result)], [11, 21, 10, 20]);
  });

  it('has what overwrites its operands wait, and readers not', async () => {
    using x = tensor([1, 2]);
    using result = background(() => {
      keepBusy();
      return x.mul(10);
    });
    const before = x.data();
    const all = fence();
    assert.deepEqual(await orderOf({ all, before }), ['before', 'all']);
    background(keepBusy);
    using second = background(() => x.mul(100));
    x.set([5, 6]);
    assert.deepEqual(x.dataSync(), Float32Array.of(5, 6));
    assert.deepEqual([...(await result.data()), ...(await second.data())], [10, 20, 100, 200]);
  });

  it('keeps order with what was enqueued before it', () =>
    leavesNothing(() => {
      using x = zeros([]);
      const seen: Tensor[] = [];
      for (let i = 0; i < 500; i++) {
        x.set([i]);
        seen.push(i % 3 === 0 ? background(() => x.add(0)) : x.add(0));
      }
      assert.deepEqual(
        seen.map((t) => t.itemSync()),
        Array.from({ length: 500 }, (_, i) => i),
      );
      for (const t of seen) t.dispose();
    }));

  it("keeps a disposed capture's memory for the replays that still use it", async () => {
    using x = tensor(new Float32Array(90_000).fill(2), [300, 300]);
    const step = background(() => new Capture(() => scope(() => x.mul(10).add(1))));
    using result = step.result;
    await fence();
    background(() => {
      keepBusy();
      step.replay();
    });
    step.dispose();
    using other = tensor(new Float32Array(90_000).fill(7), [300, 300]); // where the product was, were it free
    await fence();
    assert.ok((await other.data()).every((value) => value === 7));
    assert.ok((await result.data()).every((value) => value === 21));
  });

  it('takes a synchronous function, and ends with it', async () => {
    assert.throws(() => background(async () => 1), /^TypeError: Expected a synchronous function for background but /);
    assert.throws(() => background(() => assert.fail('mine')), /mine/);
    assert.equal(
      background(() => background(() => 7)),
      7,
    );
    using x = tensor([1]);
    background(keepBusy);
    const all = fence();
    using y = x.add(1);
    assert.deepEqual(await orderOf({ all, own: y.data() }), ['own', 'all'], 'not in the background any more');
  });

  it('fails with what is ordinary: a fault stops both', async () => {
    using logits = zeros([1, 3]);
    using labels = tensor(new Int32Array([9]));
    for (const inBackground of [true, false]) {
      const loss = () => F.crossEntropy(logits, labels);
      using failed = inBackground ? background(loss) : loss();
      await assert.rejects(failed.data(), StreamError);
      using other = inBackground ? logits.add(1) : background(() => logits.add(1));
      await assert.rejects(other.data(), StreamError);
      reset();
      using fine = background(() => logits.add(1));
      assert.deepEqual([...(await fine.data())], [1, 1, 1]);
    }
  });
});

function sameBits(a: TensorData, b: TensorData | undefined): boolean {
  return b !== undefined && Buffer.from(a.buffer).equals(Buffer.from(b.buffer));
}

/** A random program on shared tensors, small ones and such as are cut from larger blocks. Gives all that it read. */
async function randomProgram(seed: number, lanes: boolean): Promise<TensorData[]> {
  let state = seed;
  const choose = (count: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // Numerical Recipes
    return Math.floor((state / 2 ** 32) * count);
  };
  const inSomeLane = <T>(fn: () => T): T => (choose(2) === 0 && lanes ? background(fn) : fn());
  const shapes = [
    [3, 3],
    [40, 40],
    [520, 520],
  ];
  manualSeed(seed);
  const tensors = shapes.flatMap((shape) => [0, 1, 2].map(() => randn(shape)));
  const captures: Capture<Tensor>[] = [];
  const reads: Promise<TensorData>[] = [];
  const any = (): number => choose(tensors.length);
  const at = (i: number): Tensor => tensors[i];
  const like = (i: number): Tensor => at(i - (i % 3) + choose(3)); // of its shape
  const replace = (i: number, fn: () => Tensor): void => {
    const made = inSomeLane(() => scope(fn));
    at(i).dispose();
    tensors[i] = made;
  };
  const steps: ((i: number) => void)[] = [
    (i) => replace(i, () => F.softmax(at(i).matmul(like(i)).add(like(i)))),
    (i) => replace(i, () => at(i).mul(like(i)).add(0.25)),
    (i) => replace(i, () => F.dropout(at(i), 0.5)),
    (i) => replace(i, () => randn(at(i).shape)),
    (i) => inSomeLane(() => at(i).set(Float32Array.from({ length: at(i).size }, (_, n) => (n % 7) - 3))),
    (i) => reads.push(inSomeLane(() => ({ reading: at(i).data() })).reading),
    (i) => {
      if (choose(4) > 0) return;
      const [x, y] = [at(i), like(i)].map((t) => t.mul(1)) as [Tensor, Tensor];
      captures.push(
        inSomeLane(() => new Capture(() => scope(() => F.softmax(F.dropout(x, 0.1).matmul(y).add(x).mul(0.5))))),
      );
      for (const t of [x, y]) t.dispose();
    },
    (i) => {
      const capture = captures[i % captures.length];
      if (capture === undefined) return;
      inSomeLane(() => capture.replay());
      if (choose(2) === 0) reads.push(inSomeLane(() => ({ reading: capture.result.data() })).reading);
    },
    () => {
      const capture = choose(5) === 0 ? captures.shift() : undefined;
      capture?.dispose();
      capture?.result.dispose();
    },
  ];
  for (let step = 0; step < 300; step++) {
    steps[choose(steps.length)]?.(any());
    if (step % 50 === 49) await (reads.at(-1) ?? fence());
  }
  for (let i = 0; i < tensors.length; i++) reads.push(at(i).data());
  for (const capture of captures) reads.push(capture.result.data());
  const values = await Promise.all(reads);
  for (const capture of captures) {
    capture.dispose();
    capture.result.dispose();
  }
  for (const t of tensors) t.dispose();
  return values;
}

const SEEDS = sanitized ? [1] : [1, 2, 3];

describe('results beside the background', () => {
  const threads = getThreads();
  const expected: TensorData[][] = [];
  before(async () => {
    for (const seed of SEEDS) expected.push(await randomProgram(seed, false));
  });
  after(() => setThreads(threads));

  for (const count of [1, 2, 3]) {
    it(`are those of one queue on ${count} threads`, () =>
      leavesNothing(async () => {
        setThreads(count);
        for (const [which, seed] of SEEDS.entries()) {
          const read = await randomProgram(seed, true);
          assert.ok(read.length > 30 && read.length === expected[which]?.length, `${read.length} values read`);
          for (const [i, values] of read.entries()) {
            assert.ok(sameBits(values, expected[which]?.[i]), `read ${i} of program ${seed}`);
          }
        }
      }));
  }
});

/** Trains a small model to the end; gives the digest of its parameters and the figures of its epochs. */
async function train(beside: (model: ViT) => void): Promise<unknown[]> {
  const model = tinyViT();
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
  const sets = { train: textures(96), test: textures(40), batchSize: 20, epochs: 6 };
  const { history } = await new Trainer({ model, optimizer, ...sets, onProgress: () => beside(model) }).fit();
  const figures = history.map(({ trainLoss, testLoss, testAccuracy }) => [trainLoss, testLoss, testAccuracy]);
  const hash = parameterHash(model);
  model.dispose();
  optimizer.dispose();
  return [hash, figures];
}

describe('training beside other work', () => {
  const threads = getThreads();
  const folder = mkdtempSync(join(tmpdir(), 'vitrine-'));
  after(() => {
    setThreads(threads);
    rmSync(folder, { recursive: true });
  });

  for (const count of [1, 2, 3]) {
    it(`gives the bits of training alone, and the other work its own, on ${count} threads`, () =>
      leavesNothing(async () => {
        setThreads(count);
        const alone = await train(() => undefined);
        const served = tinyViT({ embedDim: 32 }, 1);
        const { images } = textures(5);
        const infer = (): Promise<TensorData> => {
          using logits = scope(() => noGrad(() => served.forward(tensor(images, [5, 1, 8, 8]))));
          return logits.data();
        };
        const expected = await infer();
        const answers: Promise<TensorData>[] = [];
        const others: Promise<unknown>[] = [];
        const beside = await train((model) => {
          for (let i = 0; i < 3; i++) answers.push(infer());
          randn([4, 4]).dispose(); // of the generator that the training does not draw from
          if (answers.length % 9 !== 0) return;
          others.push(evaluate(model, textures(12)), model.save(join(folder, `${answers.length}.safetensors`)));
        });
        await Promise.all(others);
        assert.deepEqual(beside, alone);
        assert.equal(answers.length, 90);
        for (const answer of await Promise.all(answers)) assert.deepEqual(answer, expected);
        served.dispose();
      }));
  }
});
