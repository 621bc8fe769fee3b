import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  evaluate,
  losses,
  nn,
  optim,
  scope,
  type Tensor,
  Trainer,
  type TrainerOptions,
  tensor,
} from '../../lib/index.js';
import { assertNear, fromRef, returnsMemory } from '../native-op.js';
import { ref } from '../reference/array.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';
import { parameterHash, textures, tinyViT } from './tiny-problem.js';

interface Golden {
  labels: number[];
  classes: number;
  logits: number[];
  teacher: number[];
  /** timm's mixed labels, (N,classes). */
  mixed: number[];
  cases: {
    loss: keyof typeof losses;
    options: Record<string, unknown>;
    value: number;
    gradient: number[];
    mixed?: boolean;
  }[];
}

const golden = JSON.parse(readFileSync(new URL('../../../test/golden/losses.json', import.meta.url), 'utf8')) as Golden;
const { labels, classes, cases } = golden;
const shape = [labels.length, classes];
const train = {
  ...{ images: new Float32Array(labels.length), labels: Int32Array.from(labels), count: labels.length },
  ...{ shape: [1, 1, 1] as const, numClasses: classes },
};

/** A teacher that says the fixture's logits. */
class Said extends nn.Module {
  readonly logits = this.constant(() => fromRef(ref(shape, golden.teacher)));

  forward(_images: Tensor): Tensor {
    return this.logits.alias();
  }
}

describe("PyTorch's and timm's losses", () => {
  returnsMemory();

  for (const { loss: name, options, value, gradient, mixed } of cases) {
    it(`${name} with ${JSON.stringify(options)}${mixed ? ', of mixed labels' : ''}`, () => {
      const teacher = new Said();
      const given = name === 'distillation' ? { ...options, teacher } : options;
      const prepared = losses[name](given as never).prepare(train);
      scope(() => {
        const logits = fromRef(ref(shape, golden.logits), { requiresGrad: true });
        const given = mixed ? tensor(golden.mixed, shape) : tensor(train.labels);
        const input = { logits, others: [], labels: given, images: tensor(train.images, [6, 1, 1, 1]) };
        const loss = prepared.compute(input);
        assertNear(loss, ref([], [value]), 'loss');
        loss.backward();
        assertNear(logits.grad, ref(shape, gradient), 'gradient');
      });
      prepared.dispose();
      teacher.dispose();
    });
  }

  it('take labels of several classes at once', () => {
    const prepared = losses.binaryCrossEntropy({ labelSmoothing: 0.5 }).prepare(train);
    scope(() => {
      const logits = tensor([0, 100, -100, 0], [1, 4]);
      const many = tensor([1, 1, 0, 0], [1, 4]);
      const loss = prepared.compute({ logits, others: [], labels: many, images: logits });
      assertNear(loss, ref([], [Math.log(2) / 2]), 'loss');
    });
    prepared.dispose();
  });
});

describe('class weights', () => {
  const weightsOf = (classWeights: unknown): string => {
    const prepared = losses.crossEntropy({ classWeights } as losses.CrossEntropyLossOptions).prepare(train);
    const value = scope(() => {
      const logits = tensor(golden.logits, shape);
      const input = { logits, others: [], labels: tensor(train.labels), images: logits };
      return prepared.compute(input).itemSync().toFixed(5);
    });
    prepared.dispose();
    return value;
  };

  it('are balanced, a list, or by name', () => {
    assert.equal(weightsOf('balanced'), weightsOf([6 / 8, 6 / 8, 6 / 4, 6 / 4]));
    assert.equal(weightsOf({ 1: 3 }), weightsOf([1, 3, 1, 1]));
    assert.throws(
      () => weightsOf({ cat: 3 }),
      /Expected classes among 0, 1, 2, 3 for losses.crossEntropy classWeights/,
    );
    assert.throws(() => weightsOf([1, 2]), /Expected 4 numbers/);
    assert.throws(() => weightsOf([1, 2, 3, -1]), /at least 0/);
    assert.throws(() => losses.focal({ gama: 2 } as object), /Did you mean gamma\?/);
    assert.throws(() => losses.distillation({} as never), /Expected a model/);
  });
});

describe('class weights of many batches', () => {
  it('make the mean of an epoch and of an evaluation what PyTorch makes of all at once', () =>
    leavesNothing(async () => {
      const own = textures(30);
      const set = { ...own, labels: own.labels.map((label, i) => (i < 8 ? 3 : label)) }; // a batch of one class
      const weights = [1, 0.5, 4, 0];
      const loss = losses.crossEntropy({ classWeights: weights, labelSmoothing: 0 });
      using model = tinyViT();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0 });
      const options = { model, optimizer, train: set, test: set, epochs: 1, loss, onNonFinite: 'warn' } as const;
      const means: number[] = [];
      for (const batchSize of [7, 30]) {
        const { history } = await new Trainer({ ...options, batchSize }).fit();
        means.push(history[0]?.trainLoss ?? Number.NaN, history[0]?.testLoss ?? Number.NaN);
      }
      optimizer.dispose();
      const { probabilities } = await evaluate(model, set);
      let [sum, total] = [0, 0];
      for (const [i, label] of set.labels.entries()) {
        sum -= weights[label] * Math.log(probabilities[4 * i + label]);
        total += weights[label];
      }
      for (const mean of means) assert.ok(Math.abs(mean - sum / total) < 1e-5, `${means} ${sum / total}`);
    }));
});

describe('a loss in training', () => {
  async function trained(loss: TrainerOptions['loss'] & object, capture: boolean, distilled = false) {
    using model = tinyViT({ distilled });
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const options = { model, optimizer, train: textures(40), batchSize: 8, epochs: 2, capture, loss };
    try {
      const { history } = await new Trainer(options).fit();
      return [parameterHash(model), history[1].trainLoss, history[1].trainAccuracy];
    } finally {
      optimizer.dispose();
    }
  }

  for (const distilled of [false, true]) {
    it(`is the same bits captured and op by op${distilled ? ', of a distilled model' : ''}`, () =>
      leavesNothing(async () => {
        using teacher = tinyViT({}, 3);
        const all = {
          weighted: losses.crossEntropy({ classWeights: 'balanced', labelSmoothing: 0.1 }),
          binary: losses.binaryCrossEntropy({ posWeight: 2 }),
          focal: losses.focal(),
          hard: losses.distillation({ teacher }),
          soft: losses.distillation({ teacher, kind: 'soft', tau: 2 }),
        };
        const hashes = new Set();
        for (const [name, loss] of Object.entries(all)) {
          const eager = await trained(loss, false, distilled);
          assert.deepEqual(await trained(loss, true, distilled), eager, name);
          hashes.add(eager[0]);
        }
        assert.equal(hashes.size, 5);
      }));
  }

  it('may be a function, whose result is checked', () =>
    leavesNothing(async () => {
      const square = (logits: Tensor): Tensor => logits.mul(logits).mean();
      const [, loss] = await trained(square, false);
      assert.ok(typeof loss === 'number' && loss < 0.5);
      await assert.rejects(
        trained((logits) => logits.mul(2), false),
        /Expected .+ for the loss but received a float32 tensor/,
      );
      await assert.rejects(
        trained('mse' as never, false),
        /Expected a loss, such as losses\.crossEntropy\(\), or a function/,
      );
    }));
});

/** A classifier whose logits are a linear layer's, bfloat16 under autocast. */
class Sure extends nn.Module {
  readonly head = new nn.Linear(1, 2, { bias: false });

  forward(images: Tensor): Tensor {
    return this.head.forward(images.reshape([images.shape[0] ?? 0, 1]));
  }
}

describe('losses of a model whose logits are bfloat16', () => {
  it('are computed in float32, gradients of what the model is sure of among them', () =>
    leavesNothing(async () => {
      using model = new Sure();
      model.head.weight.set([8, -8]);
      using optimizer = new optim.SGD(model.parameters(), { lr: 1024 });
      const sure = {
        ...{ images: Float32Array.of(1), labels: Int32Array.of(0), count: 1 },
        ...{ shape: [1, 1, 1] as const, numClasses: 2 },
      };
      const loss = losses.binaryCrossEntropy();
      const { loss: value } = await evaluate(model, sure, { loss, precision: 'bf16' });
      const wrong = 1 / (1 + Math.exp(8));
      assert.ok(Math.abs(value - Math.log1p(Math.exp(-8))) < 1e-6, `${value}`);
      await new Trainer({ model, optimizer, train: sure, batchSize: 1, epochs: 1, loss, precision: 'bf16' }).fit();
      const moved = (1024 * wrong) / 2; // a mean over two classes
      for (const [i, weight] of model.head.weight.dataSync().entries()) {
        assert.ok(Math.abs(Math.abs(weight) - 8 - moved) < moved * 2 ** -7, `${weight} at ${i}`);
      }
    }));
});
