import assert from 'node:assert/strict';
import { F, memory, nn, noGrad, optim, type Tensor, Trainer, tensor, zeros } from '../../lib/index.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';
import { parameterHash, textures, tinyViT } from './tiny-problem.js';

/** What lies outside the model. */
const outside = { factor: 1 };

/** A model of the user's own: a ViT's logits, times a mask. */
class Masked extends nn.Module {
  readonly inner = this.child('inner', tinyViT());
  readonly mask = this.constant(() => zeros([1, 4]));
  factor = 1;
  #calls = 0;

  constructor(readonly how: (model: Masked, calls: number) => Tensor | number) {
    super();
  }

  forward(images: Tensor): Tensor {
    return F.mul(this.inner.forward(images), this.how(this, this.#calls++));
  }
}

/** Three epochs of four steps. */
async function train(how: Masked['how'], capture: boolean | undefined, onEpoch = (_: Masked) => {}): Promise<string> {
  outside.factor = 1;
  const model = new Masked(how);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const options = { model, optimizer, train: textures(64), batchSize: 16, epochs: 3 };
  const chosen = capture === undefined ? {} : { capture };
  await new Trainer({ ...options, ...chosen, onEpoch: () => onEpoch(model) }).fit();
  const hash = parameterHash(model);
  optimizer.dispose();
  model.dispose();
  return hash;
}

describe("a forward of the user's own, in training", () => {
  const told: string[] = [];
  const note = ({ message }: Error) => void told.push(message);
  before(() => void process.on('warning', note));
  after(() => void process.off('warning', note));

  const byDefault: Record<string, Masked['how']> = {
    'a counter in a private field': (_, calls) => (calls < 7 ? 1 : 0.5),
    'a variable outside': (_, calls) => {
      if (calls === 6) outside.factor = 3;
      return outside.factor;
    },
    'a host write': ({ mask }, calls) => mask.set([1, 2, 3, calls]),
  };
  for (const [name, how] of Object.entries(byDefault)) {
    it(`may go by ${name}: by default it runs at every step`, () =>
      leavesNothing(async () => {
        assert.equal(await train(how, undefined), await train(how, false));
      }));
  }

  const recorded: Record<string, [how: Masked['how'], onEpoch: (model: Masked) => void]> = {
    'a host write with set()': [({ mask }, calls) => mask.set([1, 2, 3, calls]), () => {}],
    'a host write with tensor()': [(_, calls) => tensor([[1, 2, 3, calls]]), () => {}],
    'a tensor that is changed in place': [({ mask }) => noGrad(() => mask.mul_(0.5).add_(1)).clone(), () => {}],
    'a result that is changed in place': [({ mask }) => mask.add(1).mul_(2).clamp_({ max: 1.5 }), () => {}],
    'a public field that changes': [
      ({ factor }) => factor,
      (model) => void Object.assign(model, { factor: model.factor / 2 }),
    ],
    'a variable outside that changes between epochs': [() => outside.factor, () => void outside.factor++],
  };
  for (const [name, [how, onEpoch]] of Object.entries(recorded)) {
    it(`is the same bits with capture: true as without: ${name}`, () =>
      leavesNothing(async () => {
        const { pooled } = memory();
        assert.equal(await train(how, true, onEpoch), await train(how, false, onEpoch));
        assert.equal(memory().pooled, pooled);
      }));
  }

  it('is replayed with capture: true, and not by default', async () => {
    const calls = async (capture: boolean | undefined): Promise<number> => {
      let most = 0;
      await train((_, count) => {
        most = count + 1;
        return 1;
      }, capture);
      return most;
    };
    assert.equal(await calls(true), 6); // two an epoch
    assert.equal(await calls(undefined), 12);
  });

  it('has each kind of host write told once', () => {
    const those = told.filter((text) => text.startsWith('Expected a forward without host writes'));
    assert.deepEqual(
      those.map((text) => /it calls (\w+\(\))/.exec(text)?.[1]),
      ['set()', 'tensor()'],
    );
  });
});
