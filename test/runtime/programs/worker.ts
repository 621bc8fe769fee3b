// A worker thread. Trains for the steps that it is told to and posts a digest of the parameters, or trains until it is
// terminated and posts a message for each step.
import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { F, optim, scope, type Tensor, tensor } from '../../../lib/index.js';
import { parameterHash, textures, tinyViT } from '../../train/tiny-problem.js';

assert.ok(parentPort !== null, 'a program for worker threads');
const { images, labels, count } = textures(16);
const model = tinyViT({ posDropRate: 0.1, embedDim: 64 });
const sgd = new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });

function step(): Tensor {
  sgd.zeroGrad();
  return scope(() => {
    const loss = F.crossEntropy(model.forward(tensor(images, [count, 1, 8, 8])), tensor(labels));
    loss.backward();
    sgd.step();
    return loss;
  });
}

if (workerData.tensor === true) {
  parentPort.postMessage(tensor([1, 2]));
} else if (workerData.steps !== undefined) {
  for (let i = 0; i < workerData.steps; i++) step().dispose();
  parentPort.postMessage(parameterHash(model));
} else {
  for (;;) {
    // Always some steps ahead, so that commands, replies and reads are pending when the end comes.
    const losses = [step(), step(), step()];
    void losses[1]?.data();
    await losses[2]?.data();
    for (const loss of losses) loss.dispose();
    parentPort.postMessage('trained');
  }
}
