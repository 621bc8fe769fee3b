import assert from 'node:assert/strict';
import {
  type data,
  F,
  fence,
  memory,
  ones,
  optim,
  reset,
  StreamError,
  scope,
  stopTrace,
  type Tensor,
  Trainer,
  type TrainerOptions,
  tensor,
  type ViT,
} from '../../lib/index.js';
import type { Progress } from '../../lib/train/trainer-options.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';
import { parameterHash, textures, tinyViT } from './tiny-problem.js';

/** Makes a trainer of a tiny ViT on 64 images; nothing may be left of it afterwards. */
async function withTrainer(
  changes: Partial<TrainerOptions>,
  use: (trainer: Trainer, options: TrainerOptions) => Promise<void>,
  makeModel = () => tinyViT(),
): Promise<void> {
  await leavesNothing(async () => {
    const model = makeModel();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    const options = { model, optimizer, train: textures(64), batchSize: 16, epochs: 2, ...changes };
    await use(new Trainer(options), options);
    optimizer.dispose();
    model.dispose();
  });
}

/** Counts the steps that run and are not read yet. */
class InFlight {
  now = 0;
  most = 0;

  /** A data set that notes when a batch is taken from it. */
  watch(dataset: data.ArrayDataset, batchSize: number): data.ArrayDataset {
    const images = dataset.images;
    let taken = 0;
    const subarray = (begin: number, end: number): Float32Array => {
      if (taken++ % batchSize === 0) this.most = Math.max(this.most, ++this.now);
      return images.subarray(begin, end);
    };
    return {
      ...dataset,
      images: new Proxy(images, { get: (target, key) => (key === 'subarray' ? subarray : Reflect.get(target, key)) }),
    };
  }
}

describe('Trainer', () => {
  for (const capture of [true, false]) {
    it(`learns a simple problem, ${capture ? 'captured' : 'step by step'}`, () =>
      withTrainer({ epochs: 12, capture, train: textures(70), test: textures(40) }, async (trainer) => {
        const { history } = await trainer.fit();
        const last = history.at(-1);
        assert.ok(last !== undefined && (last.testAccuracy ?? 0) > 0.95 && last.trainLoss < 0.2, JSON.stringify(last));
      }));
  }

  it('gives the same bits captured and step by step, with a smaller last batch', async () => {
    const hashes: string[] = [];
    for (const capture of [true, false]) {
      await withTrainer(
        { train: textures(40), epochs: 4, capture, clipGradNorm: 0.5 },
        async (trainer, { model }) => {
          await trainer.fit();
          hashes.push(parameterHash(model));
        },
        () => tinyViT({ posDropRate: 0.1 }),
      );
    }
    assert.equal(hashes[0], hashes[1]);
  });

  it('tells each epoch: losses, accuracies, learning rate, speed', () => {
    const test = textures(20);
    const schedule: optim.Schedule = (step) => 0.1 / (step + 1);
    const told: unknown[] = [];
    return withTrainer({ test, schedule, onEpoch: (record) => told.push(record) }, async (trainer, { model }) => {
      const { history, stopped, trainSeconds, imagesPerSecond } = await trainer.fit();
      assert.deepEqual(told, history);
      assert.deepEqual(
        history.map(({ epoch, learningRate }) => [epoch, learningRate]),
        [
          [0, 0.1 / 4],
          [1, 0.1 / 8],
        ],
      );
      const evaluation = await trainer.evaluate(test);
      assert.deepEqual([history[1]?.testLoss, history[1]?.testAccuracy], [evaluation.loss, evaluation.accuracy]);
      for (const { trainLoss, trainAccuracy = -1, seconds } of history) {
        assert.ok(trainLoss > 0 && trainAccuracy >= 0 && trainAccuracy <= 1 && seconds > 0 && seconds <= trainSeconds);
      }
      assert.equal(stopped, false);
      assert.ok(imagesPerSecond > 0);
      assert.equal(model.training, true);
    });
  });

  it('tells progress after every step', () => {
    const told: Progress[] = [];
    return withTrainer({ onProgress: (progress) => told.push(progress), train: textures(40) }, async (trainer) => {
      const { history } = await trainer.fit();
      assert.deepEqual(
        told.map(({ epoch, epochs, step, stepsPerEpoch }) => [epoch, epochs, step, stepsPerEpoch]),
        [0, 1].flatMap((epoch) => [1, 2, 3].map((step) => [epoch, 2, step, 3])),
      );
      assert.deepEqual([told[2]?.loss, told[2]?.accuracy], [history[0]?.trainLoss, history[0]?.trainAccuracy]);
      assert.equal(told.at(-1)?.secondsLeft, 0);
    });
  });

  it('has at most two steps on their way', () => {
    const inFlight = new InFlight();
    const train = inFlight.watch(textures(64), 4);
    return withTrainer({ train, batchSize: 4, onProgress: () => inFlight.now-- }, async (trainer) => {
      await trainer.fit();
      assert.deepEqual([inFlight.most, inFlight.now], [2, 0]);
    });
  });

  it('gives the event loop a turn in the middle of a step that is not captured', async () => {
    const seen: string[] = [];
    const watched = () => {
      const model = tinyViT();
      const forward = model.forward.bind(model);
      model.forward = (images: Tensor) => {
        seen.push('forward');
        setImmediate(() => seen.push('turn'));
        return forward(images);
      };
      return model;
    };
    const fit = async (trainer: Trainer, { optimizer }: TrainerOptions) => {
      const apply = optimizer.apply.bind(optimizer);
      optimizer.apply = (scale) => {
        seen.push('update');
        apply(scale);
      };
      await trainer.fit();
    };
    await withTrainer({ batchSize: 64, epochs: 1 }, fit, watched);
    assert.deepEqual(seen, ['forward', 'turn', 'update']);
  });

  it('stops on its signal: before the first step, or after the one under way', async () => {
    await withTrainer({ signal: AbortSignal.abort() }, async (trainer, { model }) => {
      const before = parameterHash(model);
      assert.deepEqual(await trainer.fit().then(({ history, stopped }) => [history, stopped]), [[], true]);
      assert.equal(parameterHash(model), before);
    });
    const controller = new AbortController();
    let steps = 0;
    const onProgress = () => {
      if (++steps === 6) controller.abort(); // in the second epoch of four steps
    };
    await withTrainer({ signal: controller.signal, onProgress, epochs: 100 }, async (trainer) => {
      const { history, stopped } = await trainer.fit();
      assert.deepEqual([history.length, stopped], [1, true]);
      assert.ok(steps <= 8, `${steps} steps`);
    });
  });

  it('refuses options out of range', () => {
    const cases: [Partial<TrainerOptions>, RegExp][] = [
      [{ epochs: 0 }, /^Expected a whole number of at least 1 for Trainer epochs but received 0\./],
      [{ batchSize: 0 }, /^Expected a whole number of at least 1 for Trainer batchSize but received 0\./],
      [{ clipGradNorm: -1 }, /^Expected a finite number of at least 0 for Trainer clipGradNorm but received -1\./],
      [{ labelSmoothing: 2 }, /^Expected a finite number from 0 to 1 for Trainer labelSmoothing but received 2\./],
    ];
    return withTrainer({}, async (_, options) => {
      for (const [changes, message] of cases) {
        assert.throws(() => new Trainer({ ...options, ...changes }), { name: 'TypeError', message });
      }
    });
  });
});

describe('Trainer.fit, when a step fails', () => {
  afterEach(reset);

  /** A ViT that looks up an index in a table of three rows, on the stream, where 3 is none. */
  function lookingUp(index: Tensor, table: Tensor): ViT {
    const model = tinyViT();
    const forward = model.forward.bind(model);
    model.forward = (images: Tensor) => scope(() => F.mul(forward(images), F.embedding(index, table)));
    return model;
  }

  for (const [title, capture, badEpochs] of [
    ['in the first step', true, 1],
    ['in a replayed step', true, 3],
    ['in an eager step', false, 2],
  ] as const) {
    it(`rejects with the StreamError, leaves no memory and no stray rejection: ${title}`, async () => {
      const { pooled } = memory();
      const stray: unknown[] = [];
      const note = (error: unknown) => stray.push(error);
      process.on('unhandledRejection', note);
      const index = tensor(Int32Array.of(0));
      const table = ones([3, 1]);
      let epochs = 1;
      const onEpoch = () => {
        if (++epochs === badEpochs) index.set([3]);
      };
      if (badEpochs === 1) index.set([3]);
      await withTrainer(
        { capture, epochs: 5, onEpoch },
        async (trainer) => {
          await assert.rejects(trainer.fit(), (error) => {
            assert.ok(error instanceof StreamError);
            assert.match(error.message, /^Expected .+ from 0 to 2 for embedding but received 3/);
            return true;
          });
        },
        () => lookingUp(index, table),
      );
      for (const operand of [index, table]) operand.dispose();
      await new Promise((resolve) => setTimeout(resolve, 10));
      process.off('unhandledRejection', note);
      assert.deepEqual(stray, []);
      assert.equal(memory().pooled, pooled);
    });
  }

  for (const capture of [true, false]) {
    it(`names a label that has become no class before the stream meets it, ${capture ? 'captured' : 'step by step'}`, () => {
      const train = textures(64);
      let epochs = 0;
      const onEpoch = () => {
        if (++epochs === 3) train.labels[10] = 4;
      };
      return withTrainer({ train, capture, epochs: 5, onEpoch }, async (trainer) => {
        await assert.rejects(trainer.fit(), {
          name: 'TypeError',
          message:
            /^Expected class indices from 0 to 3 for the labels of the DataLoader but received 4\. That is label 10\./,
        });
        await fence(); // whoever shares the stream has lost nothing
        assert.equal(epochs, 3);
        train.labels[10] = 2;
        assert.equal((await trainer.fit()).history.length, 5);
      });
    });
  }

  it('passes on what the model throws, in whichever step', async () => {
    for (const bad of [1, 2]) {
      const failing = () => {
        const model = tinyViT();
        const forward = model.forward.bind(model);
        let calls = 0;
        model.forward = (images: Tensor) => {
          if (++calls === bad) throw new Error(`call ${bad}`);
          return forward(images);
        };
        return model;
      };
      const message = new RegExp(`^Error: call ${bad}$`);
      await withTrainer({}, (trainer) => assert.rejects(trainer.fit(), message), failing);
    }
  });

  it('ends the trace of a step that fails', () => {
    let calls = 0;
    const failing = () => {
      const model = tinyViT();
      const forward = model.forward.bind(model);
      model.forward = (images: Tensor) => {
        if (++calls === 4) throw new Error('the traced step');
        return forward(images);
      };
      return model;
    };
    return withTrainer(
      { trace: 'never-written.json' },
      async (trainer) => {
        await assert.rejects(trainer.fit(), /^Error: the traced step$/);
        scope(() => ones([2]).add(1).dataSync());
        assert.deepEqual(stopTrace(), []);
      },
      failing,
    );
  });
});
