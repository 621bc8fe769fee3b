import assert from 'node:assert/strict';
import { Capture, F, nn, noGrad, optim, randn, scope, type Tensor, Trainer, zeros } from '../../lib/index.js';
import { assertBadInput, assertSameBits, fromRef, returnsMemory } from '../native-op.js';
import { generator, normal } from '../reference/random.js';
import { textures } from '../train/tiny-problem.js';

class Net extends nn.Module {
  conv = new nn.Conv2d(1, 4, 3, { padding: 1 });
  norm = new nn.BatchNorm2d(4);
  head = new nn.Sequential(new nn.ReLU(), new nn.AvgPool2d({ kernelSize: 8 }), new nn.Flatten(), new nn.Linear(4, 4));

  forward(x: Tensor): Tensor {
    return scope(() => this.head.forward(this.norm.forward(this.conv.forward(x))));
  }
}

describe('nn.BatchNorm2d', () => {
  returnsMemory();

  it('counts its batches and moves its statistics when a capture is replayed', () => {
    using norm = new nn.BatchNorm2d(3);
    using eager = new nn.BatchNorm2d(3);
    const x = fromRef(normal([2, 3, 4, 4], generator(1)));
    using capture = new Capture(() => noGrad(() => norm.forward(x)));
    capture.replay();
    capture.replay();
    for (let i = 0; i < 3; i++) scope(() => void eager.forward(x));
    assert.deepEqual([...(norm.numBatchesTracked as Tensor).dataSync()], [3]);
    for (const [name, buffer] of eager.namedBuffers()) {
      assertSameBits(norm.namedBuffers().get(name) as Tensor, buffer, name);
    }
    capture.result.dispose();
    x.dispose();
  });

  it('leaves its statistics alone in evaluation', () => {
    using norm = new nn.BatchNorm2d(2).eval();
    scope(() => void norm.forward(randn([2, 2, 3, 3])));
    assert.deepEqual([...(norm.runningMean as Tensor).dataSync()], [0, 0]);
    assert.deepEqual([...(norm.numBatchesTracked as Tensor).dataSync()], [0]);
  });

  it('refuses one value a channel in training, ranks and channels that are not its own', () => {
    using norm = new nn.BatchNorm2d(2);
    assertBadInput(() => norm.forward(zeros([1, 2, 1, 1])), /more than one value a channel for batchNorm in training/);
    assertBadInput(() => norm.forward(zeros([2, 2])), /\(N,C,H,W\) of 4 axes for BatchNorm2d input/);
    assertBadInput(() => norm.forward(zeros([2, 3, 4, 4])), /shape \(3\) for batchNorm runningMean/);
    using flat = new nn.BatchNorm1d(2);
    assertBadInput(() => flat.forward(zeros([2, 2, 3, 4])), /\(N,C\) or \(N,C,L\) for BatchNorm1d input/);
    const mean = () => zeros([2]);
    assertBadInput(() => F.batchNorm(zeros([2, 2]), mean(), undefined), /both running statistics or neither/);
    assertBadInput(() => F.batchNorm(zeros([2, 2]), undefined, undefined), /running statistics for batchNorm in eval/);
  });
});

describe('a model of fields with batch norms', () => {
  for (const capture of [false, true]) {
    it(`is trained, its statistics too, with capture ${capture}`, async () => {
      using model = new Net();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
      const { history } = await new Trainer({
        model,
        optimizer,
        train: textures(64),
        batchSize: 16,
        epochs: 3,
        capture,
      }).fit();
      assert.deepEqual([...(model.norm.numBatchesTracked as Tensor).dataSync()], [12]);
      assert.ok((history.at(-1)?.trainLoss ?? 9) < (history[0]?.trainLoss ?? 0), 'the loss falls');
      optimizer.dispose();
    });
  }
});
