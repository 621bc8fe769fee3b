import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { optim, Trainer, type TrainerOptions } from '../../lib/index.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';
import { textures, tinyViT } from './tiny-problem.js';

/** Fits a tiny ViT for two epochs of three steps; gives what it rejects with, if it does. */
async function train(changes: Partial<TrainerOptions>): Promise<unknown> {
  using model = tinyViT();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const trainer = new Trainer({ model, optimizer, train: textures(40), batchSize: 16, epochs: 2, ...changes });
  const failure = await trainer.fit().then(
    () => undefined,
    (error: unknown) => error,
  );
  optimizer.dispose();
  return failure;
}

describe("fit's callbacks", () => {
  it('are awaited', () =>
    leavesNothing(async () => {
      const order: string[] = [];
      const slow = (name: string) => async () => {
        order.push(name);
        await wait(5);
        order.push(`${name} done`);
      };
      assert.equal(await train({ onProgress: slow('step'), onEpoch: slow('epoch') }), undefined);
      const epoch = [...Array.from({ length: 3 }, () => ['step', 'step done']), ['epoch', 'epoch done']].flat();
      assert.deepEqual(order, [...epoch, ...epoch]);
    }));

  for (const name of ['onProgress', 'onEpoch'] as const) {
    for (const [how, fail] of [
      ['rejects', () => Promise.reject(new Error('disk full'))],
      [
        'throws',
        () => {
          throw new Error('disk full');
        },
      ],
      [
        'gives a thenable that rejects',
        // biome-ignore lint/suspicious/noThenProperty: a thenable of somebody else's is the case
        () => ({ then: (_: unknown, no: (e: Error) => void) => no(new Error('disk full')) }),
      ],
    ] as const) {
      it(`end fit where ${name} ${how}, and none is called after that`, () =>
        leavesNothing(async () => {
          const stray: unknown[] = [];
          const note = (error: unknown) => void stray.push(error);
          process.on('unhandledRejection', note);
          let calls = 0;
          const count = () => {
            calls++;
            return fail();
          };
          assert.match(String(await train({ [name]: count })), /^Error: disk full$/);
          await wait(10);
          process.off('unhandledRejection', note);
          assert.deepEqual([stray, calls], [[], 1]);
        }));
    }
  }

  it('must be functions', () => {
    const cases: [object, RegExp][] = [
      [{ onEpoch: 'log' }, /^TypeError: Expected a function for Trainer onEpoch but received 'log'\./],
      [{ onProgress: {} }, /^TypeError: Expected a function for Trainer onProgress but received an object\./],
      [{ schedule: 0.1 }, /^TypeError: Expected a function for Trainer schedule but received 0\.1\./],
      [{ signal: 'SIGINT' }, /^TypeError: Expected an AbortSignal for Trainer signal but received 'SIGINT'\./],
      [{ capture: 'no' }, /^TypeError: Expected true or false for Trainer capture but received 'no'\./],
      [{ trace: 1 }, /^TypeError: Expected a path for Trainer trace but received 1\./],
      [{ onepoch: () => {} }, /^TypeError: Expected an option among .+ for Trainer but .+ Did you mean onEpoch\?/],
      [{ model: {} }, /^TypeError: Expected a model, a Module with a forward of images, for Trainer model/],
      [{ optimizer: 'sgd' }, /^TypeError: Expected an optimizer for Trainer optimizer but received 'sgd'\./],
    ];
    using model = tinyViT();
    using other = tinyViT();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const options = { model, optimizer, train: textures(40), batchSize: 16, epochs: 2 };
    for (const [changes, message] of cases) {
      assert.throws(() => new Trainer({ ...options, ...changes }), message);
    }
    assert.throws(() => new Trainer({ ...options, model: other }), /an optimizer of the model's parameters/);
    optimizer.dispose();
  });
});
