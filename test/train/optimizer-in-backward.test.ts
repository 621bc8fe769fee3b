import assert from 'node:assert/strict';
import {
  memory,
  type nn,
  optim,
  resetPeakMemory,
  Trainer,
  type TrainerOptions,
  type ViTConfig,
} from '../../lib/index.js';
import { assertBadInput } from '../native-op.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';
import { parameterHash, textures, tinyViT } from './tiny-problem.js';

type MakeOptimizer = (parameters: ReturnType<nn.Module['parameters']>) => optim.Optimizer;

const OPTIMIZERS: Record<string, MakeOptimizer> = {
  'SGD with momentum': (parameters) => new optim.SGD(parameters, { lr: 0.1, momentum: 0.9, weightDecay: 1e-3 }),
  AdamW: (parameters) => new optim.AdamW(parameters, { lr: 1e-2 }),
  LAMB: (parameters) => new optim.Lamb(parameters, { lr: 1e-2, maxGradNorm: 0 }),
  Lion: (parameters) => new optim.Lion(parameters, { lr: 1e-3 }),
};

/** The bits of the weights after a training. */
async function trained(changes: Partial<TrainerOptions>, model: Partial<ViTConfig> = {}, make = OPTIMIZERS.AdamW) {
  using vit = tinyViT(model);
  using optimizer = (make as MakeOptimizer)(vit.parameters());
  const options = { model: vit, optimizer, train: textures(40), batchSize: 8, epochs: 2 };
  await new Trainer({ ...options, ...changes }).fit();
  return parameterHash(vit);
}

describe('updates in the middle of backward', () => {
  const cases: [what: string, options: Partial<TrainerOptions>, model?: Partial<ViTConfig>][] = [
    ['op by op', { capture: false }],
    ['in bfloat16', { precision: 'bf16' }],
    ['of blocks that are computed again', { gradCheckpointing: true }],
    ['with clipped elements and an average of weights', { clipGradValue: 1e-3, ema: { decay: 0.9 } }],
    ['of a table that all blocks share', {}, { posEmbed: 'relative', posEmbedPlacement: 'shared' }],
    [
      'of such a table, computed again',
      { gradCheckpointing: true },
      { posEmbed: 'relative', posEmbedPlacement: 'shared' },
    ],
  ];
  for (const [what, options, model] of cases) {
    it(`leave the same bits: ${what}`, () =>
      leavesNothing(async () => {
        const after = await trained(options, model);
        assert.equal(await trained({ ...options, optimizerInBackward: true }, model), after);
      }));
  }

  for (const [name, make] of Object.entries(OPTIMIZERS)) {
    it(`leave the same bits: ${name}`, () =>
      leavesNothing(async () => {
        assert.equal(await trained({ optimizerInBackward: true }, {}, make), await trained({}, {}, make));
      }));
  }

  it('wait for the end where a hook sees the gradient', () =>
    leavesNothing(async () => {
      const hashes: string[] = [];
      for (const optimizerInBackward of [false, true]) {
        using model = tinyViT();
        using optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
        const seen: number[] = [];
        const hook = (model.head as nn.Linear).weight.registerHook((gradient) => {
          seen.push(gradient.size);
          return gradient.mul(2);
        });
        const options = { model, optimizer, train: textures(16), batchSize: 8, epochs: 1, capture: false };
        await new Trainer({ ...options, optimizerInBackward }).fit();
        assert.deepEqual(seen, [64, 64]);
        hook.remove();
        hashes.push(parameterHash(model));
      }
      assert.equal(hashes[0], hashes[1]);
    }));

  it('need no memory for all gradients at once, and leave none', () =>
    leavesNothing(async () => {
      const peaks: number[] = [];
      for (const optimizerInBackward of [false, true]) {
        using model = tinyViT({ embedDim: 128, depth: 8 });
        using optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
        let peak = 0;
        const callbacks = [
          {
            onStepEnd: () => {
              peak = memory().peak;
              if (optimizerInBackward) assert.ok(model.parameters().every(({ grad }) => grad === null));
            },
          },
        ];
        resetPeakMemory();
        const before = memory().live;
        const options = { model, optimizer, train: textures(16), batchSize: 4, epochs: 1, callbacks };
        await new Trainer({ ...options, optimizerInBackward }).fit();
        peaks.push(peak - before);
        if (optimizerInBackward) {
          const weights = 4 * model.parameters().reduce((sum, { size }) => sum + size, 0);
          assert.ok((peaks[0] ?? 0) - (peaks[1] ?? 0) > 0.6 * weights, `${peaks} of ${weights}`);
        }
      }
    }));

  it('are refused beside what needs all gradients', () => {
    using model = tinyViT();
    using optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const options = { model, optimizer, train: textures(8), batchSize: 8, epochs: 1, optimizerInBackward: true };
    assertBadInput(
      () => new Trainer({ ...options, clipGradNorm: 1 }),
      /no clipGradNorm for Trainer optimizerInBackward/,
    );
    assertBadInput(() => new Trainer({ ...options, gradAccumSteps: 2 }), /gradAccumSteps: 1 for Trainer optimizerInB/);
    assertBadInput(() => new Trainer({ ...options, optimizerInBackward: 1 as never }), /optimizerInBackward/);
    using lamb = new optim.Lamb(model.parameters());
    assertBadInput(
      () => new Trainer({ ...options, optimizer: lamb }),
      /Lamb with maxGradNorm: 0 for Trainer optimizerInB/,
    );
    using own = new (class extends optim.SGD {})(model.parameters(), { lr: 0.1 });
    assertBadInput(
      () => new Trainer({ ...options, optimizer: own }),
      /one of the library's optimizers, and no subclass/,
    );
  });
});
