import assert from 'node:assert/strict';
import { F, ones, optim, scope, type Tensor, Trainer, type ViT } from '../../lib/index.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';
import { parameterHash, textures, tinyViT } from './tiny-problem.js';

const IMAGES = ones([2, 1, 8, 8]);

/** Trains for three steps op by op; what is given runs in the turn that the event loop gets within the second. */
async function train(
  within: (model: ViT, optimizer: optim.SGD) => void,
  atEnd: (model: ViT) => void = () => {},
): Promise<string> {
  const model = tinyViT();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const forward = model.forward.bind(model);
  let calls = 0;
  model.forward = (images: Tensor) => {
    if (++calls === 2) setImmediate(within, model, optimizer);
    return forward(images);
  };
  await new Trainer({ model, optimizer, train: textures(48), batchSize: 16, epochs: 1, capture: false }).fit();
  const hash = parameterHash(model);
  atEnd(model);
  optimizer.dispose();
  model.dispose();
  return hash;
}

describe('a step that runs op by op', () => {
  let alone: string;
  before(async () => {
    alone = await train(() => {});
  });

  it('is not joined by the gradients of another backward', () =>
    leavesNothing(async () => {
      const hash = await train((model) => scope(() => F.sum(model.forward(IMAGES)).backward()));
      assert.equal(hash, alone);
    }));

  it('is not joined by gradients that are dropped meanwhile', () =>
    leavesNothing(async () => {
      assert.equal(await train((_, optimizer) => optimizer.zeroGrad()), alone);
    }));

  it('is done with the weights that it finds at its end, where they are changed meanwhile', () =>
    leavesNothing(async () => {
      const load = (model: ViT): void => {
        using other = tinyViT({}, 5);
        model.loadStateDict(other.stateDict());
      };
      assert.notEqual(await train(load), alone);
    }));

  it('leaves alone what is frozen meanwhile', () =>
    leavesNothing(async () => {
      let frozen: unknown;
      const freeze = (model: ViT): void => {
        model.freeze('head.*');
        frozen = model.head?.weight.dataSync();
      };
      await train(freeze, (model) => assert.deepEqual(model.head?.weight.dataSync(), frozen));
      assert.ok(frozen instanceof Float32Array);
    }));
});

describe('fit', () => {
  it('refuses a model, an optimizer or a parameter that another fit trains, and takes them when that has ended', () =>
    leavesNothing(async () => {
      using model = tinyViT();
      using other = tinyViT();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const shared = new optim.SGD([...other.parameters(), model.head?.weight as Tensor], { lr: 0.1 });
      const options = { train: textures(32), batchSize: 16, epochs: 1 };
      const trainers = [
        new Trainer({ ...options, model, optimizer }),
        new Trainer({ ...options, model, optimizer }),
        new Trainer({ ...options, model: other, optimizer: shared }),
      ] as const;
      const first = trainers[0].fit();
      for (const trainer of trainers) {
        await assert.rejects(
          trainer.fit(),
          /^Error: Expected a model and an optimizer that are not in training for fit/,
        );
      }
      await first;
      await Promise.all([trainers[1].fit().then(() => trainers[2].fit())]);
      optimizer.dispose();
      shared.dispose();
    }));
});
