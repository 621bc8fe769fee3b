import assert from 'node:assert/strict';
import { expected } from '../../lib/check.js';
import { inFlags } from '../../lib/cli/in-flags.js';
import { UsageError } from '../../lib/cli/usage-error.js';
import { nn, optim, Trainer, ViT } from '../../lib/index.js';
import { fileErrorFrom } from '../../lib/io/formats/file-error.js';
import { returnsMemory } from '../native-op.js';
import { textures, tinyViT } from '../train/tiny-problem.js';

/** What the command line says of what a call of the library throws. */
function said(call: () => unknown, command?: string): string {
  try {
    call();
  } catch (error) {
    const told = inFlags(error, command);
    assert.ok(told instanceof UsageError, String(told));
    return told.message;
  }
  return assert.fail('nothing was refused');
}

describe("the library's refusals on the command line", () => {
  returnsMemory();

  it('are wrong command lines, in the words of flags', () => {
    using model = tinyViT();
    const refused: readonly (readonly [call: () => unknown, sentence: RegExp])[] = [
      [
        () => new ViT({ embedDim: 7, numHeads: 3 }),
        /^Expected heads that divide the width 7 for --heads but received 3/,
      ],
      [() => ViT.create('vit_huge'), /^Expected a model name .* for --model but received 'vit_huge'/],
      [() => model.freeze('zzz'), /^Expected a pattern that matches a parameter for --freeze but received 'zzz'/],
      [() => nn.applyLora(model, { rank: 1, targets: ['zzz'] }), / for --lora-targets but received 'zzz'/],
    ];
    for (const [call, sentence] of refused) assert.match(said(call), sentence);
  });

  it('say which flags go with --optimizer-in-backward', () => {
    using model = tinyViT();
    const options = { model, train: textures(8), batchSize: 4, epochs: 1, optimizerInBackward: true };
    using adamW = new optim.AdamW(model.parameters());
    using lamb = new optim.Lamb(model.parameters());
    const refused: readonly (readonly [call: () => unknown, sentence: RegExp])[] = [
      [
        () => new Trainer({ ...options, optimizer: adamW, clipGradNorm: 1 }),
        /^Expected no --clip-grad for --optimizer-in-backward but received 1\..* Say --clip-grad 0\.$/,
      ],
      [
        () => new Trainer({ ...options, optimizer: adamW, gradAccumSteps: 2 }),
        /^Expected --grad-accum-steps 1 for --optimizer-in-backward but received 2\./,
      ],
      [
        () => new Trainer({ ...options, optimizer: lamb }),
        /^Expected another --opt than lamb for --optimizer-in-backw/,
      ],
    ];
    for (const [call, sentence] of refused) assert.match(said(call), sentence);
  });

  it('name the command that was called', () => {
    const told = inFlags(new UsageError(expected('one', 'vitrine train', 'both')), 'find-lr');
    assert.match(String(told), /for vitrine find-lr but/);
  });

  it('say how to begin anew where a checkpoint is damaged', () => {
    for (const damage of ['damaged; fetch or save it again.', 'truncated; fetch it again.']) {
      const error = expected('JSON', 'runs/a.checkpoints/step-2/state.json', 3, `The file is ${damage}`);
      assert.match(String(inFlags(error)), /The file is \w+\. To begin anew, take --force without --resume\.$/);
    }
  });

  it('are failed work where the system or the data is at fault', () => {
    for (const error of [
      fileErrorFrom(new Error('ENOENT'), 'a folder to write to', '--trace'),
      expected('a finite loss', 'training', Number.NaN),
    ]) {
      assert.equal(inFlags(error), error);
    }
  });
});
