import assert from 'node:assert/strict';
import { F, memory, nn, optim, resetPeakMemory, synchronize, type Tensor, Trainer, ViT } from '../../lib/index.js';
import { Decisions } from '../../lib/train/decisions.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';
import { parameterHash, textures, tinyViT } from './tiny-problem.js';

type Change = (model: ViT, optimizer: optim.SGD) => void;

/** A part of a model by its name, to be changed as JavaScript lets one. */
function part(model: ViT, name: string): Record<string, unknown> & nn.Module {
  return model.namedModules().get(name) as Record<string, unknown> & nn.Module;
}

const made: nn.Module[] = [];

/** A linear layer that the test disposes of. */
function linear(inputs: number, outputs: number): nn.Linear {
  const module = new nn.Linear(inputs, outputs);
  made.push(module);
  return module;
}

/** What may be changed in the middle of a training of a ViT that drops everywhere. */
const CHANGES: Record<string, Change> = {
  'freeze()': (model) => void model.freeze('blocks.0.*'),
  'unfreeze()': (model) => void model.unfreeze('head.*'),
  'requiresGrad, set by hand': (model) => {
    const parameter = model.stateDict().get('pos_embed') as Tensor;
    parameter.requiresGrad = !parameter.requiresGrad;
  },
  'a hook on a parameter': (model) => {
    const parameter = model.stateDict().get('pos_embed') as Tensor;
    parameter.registerHook((gradient) => gradient.mul(3));
  },
  'eval() of a part': (model) => void model.blocks.at(0).eval(),
  'eval() of a part and train() of a part of that': (model) => {
    model.blocks.at(1).eval();
    part(model, 'blocks.1.mlp').train();
  },
  "training, a layer's own field": (model) => {
    part(model, 'pos_drop').training = false;
  },
  'a dropout rate': (model) => {
    part(model, 'pos_drop').p = 0.5;
  },
  "a norm's eps": (model) => {
    part(model, 'norm').eps = 0.5;
  },
  'a field of the configuration, deep down': (model) => {
    Object.assign(model, { config: { ...model.config, globalPool: 'avg' } });
  },
  'a module in the place of another': (model) => {
    made.push(model.head as nn.Linear); // the model's no longer
    Object.assign(model, { head: linear(16, 4) });
  },
  'a function in the place of a method': (model) => {
    const { forward } = model.blocks.at(0);
    model.blocks.at(0).forward = (x) => F.mul(forward.call(model.blocks.at(0), x), 0.5);
  },
  'a hook that changes what a part gives': (model) => {
    model.blocks.at(0).registerForwardHook((_, __, y) => F.mul(y, 0.5));
  },
  'weights, copied in': (model) => {
    using other = tinyViT({}, 9);
    model.loadStateDict(other.stateDict());
  },
  'gradients, dropped': (_, optimizer) => optimizer.zeroGrad(),
  "the optimizer's learning rate": (_, optimizer) => {
    optimizer.lr = 0.01;
  },
};

interface Trained {
  hash: string;
  losses: number[];
}

/** Trains for four epochs of five steps, the last a smaller one, and changes something after the epochs given. */
async function train(capture: boolean | undefined, changes: Readonly<Record<number, Change>>): Promise<Trained> {
  const model = tinyViT({ posDropRate: 0.1, projDropRate: 0.1, attnDropRate: 0.1, dropPathRate: 0.1 });
  model.freeze('head.bias');
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
  const { history } = await new Trainer({
    model,
    optimizer,
    train: textures(74),
    batchSize: 16,
    epochs: 4,
    ...(capture !== undefined && { capture }),
    onEpoch: ({ epoch }) => changes[epoch]?.(model, optimizer),
  }).fit();
  const result = { hash: parameterHash(model), losses: history.map(({ trainLoss }) => trainLoss) };
  optimizer.dispose();
  model.dispose();
  for (const module of made.splice(0)) module.dispose();
  return result;
}

describe('a step that is replayed', () => {
  let unchanged: Trained;
  before(async () => {
    unchanged = await train(false, {});
    assert.deepEqual(await train(true, {}), unchanged);
  });

  for (const [name, change] of Object.entries(CHANGES)) {
    it(`obeys a change in mid-training, as without capture: ${name}`, () =>
      leavesNothing(async () => {
        const eager = await train(false, { 1: change });
        assert.deepEqual(await train(true, { 1: change }), eager);
        assert.deepEqual(await train(undefined, { 1: change }), eager);
        const hasEffect = name !== 'gradients, dropped';
        assert.equal(eager.hash !== unchanged.hash, hasEffect);
      }));
  }

  it('obeys a change and its undoing, in one epoch and the next', () =>
    leavesNothing(async () => {
      const changes = { 0: (model: ViT) => void model.freeze('*.qkv.*'), 2: (model: ViT) => void model.unfreeze() };
      const eager = await train(false, changes);
      assert.notEqual(eager.hash, unchanged.hash);
      assert.deepEqual(await train(true, changes), eager);
    }));

  it('obeys a change made between two steps of an epoch', () =>
    leavesNothing(async () => {
      const hashes = [];
      for (const capture of [true, false]) {
        using model = tinyViT();
        const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
        const onProgress = ({ epoch, step }: { epoch: number; step: number }) => {
          if (epoch === 1 && step === 2) model.freeze('blocks.*');
        };
        const options = { model, optimizer, train: textures(96), batchSize: 16, epochs: 2, capture, onProgress };
        await new Trainer(options).fit();
        hashes.push(parameterHash(model));
        optimizer.dispose();
      }
      assert.equal(hashes[0], hashes[1]);
    }));

  it('gives up the memory of what was recorded before setGradCheckpointing()', async () => {
    const sizes = { imgSize: 32, patchSize: 4, inChans: 1, numClasses: 4, embedDim: 32, depth: 6, numHeads: 1 };
    using model = new ViT(sizes);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
    const count = 32;
    const shape = [1, 32, 32] as const;
    const images = new Float32Array(count * 32 * 32);
    const set = { images, labels: new Int32Array(count), count, shape, numClasses: 4 };
    const held: number[] = [];
    const onEpoch = ({ epoch }: { epoch: number }) => {
      synchronize();
      const { peak, live, pooled } = memory();
      held.push(Math.max(peak, live + pooled));
      if (epoch === 0) model.setGradCheckpointing(true);
      resetPeakMemory();
    };
    await new Trainer({ model, optimizer, train: set, batchSize: 8, epochs: 3, onEpoch }).fit();
    optimizer.dispose();
    const [plain = 0, , checkpointed = 0] = held;
    assert.ok(checkpointed < 0.7 * plain, `${held}`);
  });

  it('shows its gradients in grad, whatever was there before', () =>
    leavesNothing(async () => {
      const gradients: unknown[] = [];
      for (const capture of [true, false]) {
        using model = tinyViT();
        const optimizer = new optim.SGD(model.parameters(), { lr: 0.05 });
        const onEpoch = ({ epoch }: { epoch: number }) => {
          if (epoch === 1) optimizer.zeroGrad();
          if (epoch === 2) gradients.push(model.head?.weight.grad?.dataSync());
        };
        // The last batch is a smaller one, and its gradients are the ones to be seen.
        await new Trainer({ model, optimizer, train: textures(40), batchSize: 16, epochs: 3, capture, onEpoch }).fit();
        optimizer.dispose();
      }
      assert.ok(gradients[0] instanceof Float32Array);
      assert.deepEqual(gradients[0], gradients[1]);
    }));
});

describe('what a step goes by', () => {
  it('holds until something of the model or the optimizer changes, and not for what is no decision', () => {
    using model = tinyViT();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    Object.assign(model, { notes: { list: [1, Number.NaN], map: new Map([['a', new Set([1])]]) } });
    const { notes } = model as unknown as { notes: { list: number[]; map: Map<string, Set<number>> } };
    const changes: Record<string, [holds: boolean, change: () => void]> = {
      'a learning rate': [true, () => void Object.assign(optimizer, { lr: 1 })],
      'values of a weight': [true, () => void model.head?.bias?.set([1, 2, 3, 4])],
      'a mode there and back': [true, () => void model.eval().train()],
      'an item of an array': [false, () => void notes.list.fill(2, 0, 1)],
      'an item more': [false, () => void notes.list.push(3)],
      'an entry of a map': [false, () => void notes.map.set('b', new Set())],
      'an item of a set': [false, () => void notes.map.get('a')?.add(2)],
      'a field more': [false, () => void Object.assign(model.blocks.at(0), { note: 1 })],
      'a field less': [false, () => void Reflect.deleteProperty(model, 'notes')],
      checkpointing: [false, () => void model.setGradCheckpointing()],
      'a field of the optimizer': [false, () => void Object.assign(optimizer, { boost: 2 })],
    };
    for (const [name, [holds, change]] of Object.entries(changes)) {
      const decisions = new Decisions(model, optimizer);
      assert.equal(decisions.hold(), true, name);
      change();
      assert.equal(decisions.hold(), holds, name);
    }
    optimizer.dispose();
  });

  it('says so where a field leads to more than can be kept', () => {
    using model = tinyViT();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    Object.assign(model, { samples: Array.from({ length: 300_000 }, (_, i) => i) });
    assert.equal(new Decisions(model, optimizer).isTooMuch, true);
    optimizer.dispose();
  });
});
