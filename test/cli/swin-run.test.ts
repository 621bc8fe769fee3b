import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { attentionPictures } from '../../lib/cli/attention-pictures.js';
import { buildModel } from '../../lib/cli/build-model.js';
import { encoderText } from '../../lib/cli/encoder-text.js';
import { openRun } from '../../lib/cli/open-model.js';
import { runConfig } from '../../lib/cli/run-config.js';
import { resolveSettings } from '../../lib/cli/train-settings.js';
import { io, nn } from '../../lib/index.js';
import { goldenPath } from '../io/pretrained/fixtures.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { returnsMemory } from '../native-op.js';

describe('the run of a Swin', () => {
  returnsMemory();
  const at = temporaryDirectory();
  const base = { data: 'photos', aug: true, checkpoints: true, capture: true, report: true };
  const task = { classNames: ['day', 'night'], photographs: true } as const;

  it('begins with its name or a checkpoint, with rates of its own, and no sizes that differ by stage', async () => {
    const named = resolveSettings({ ...base, model: 'swin_tiny_patch4_window7_224', dim: 24, dropout: 0.1 }, 16);
    using model = await buildModel(named, { ...task, shape: [3, 16, 16] });
    assert.ok(model instanceof nn.Swin);
    assert.deepEqual([model.config.embedDim, model.config.projDropRate, model.config.imgSize], [24, 0.1, [16, 16]]);
    assert.match(encoderText(model.config), /^Swin v1, width 24, stages of 2, 2, 6, 2 blocks, .* windows of 7 x 7/);
    const deep = resolveSettings({ ...base, model: 'swin_tiny_patch4_window7_224', depth: 3 }, 16);
    await assert.rejects(buildModel(deep, { ...task, shape: [3, 16, 16] }), /no --depth beside a Swin/);
    const pretrained = resolveSettings({ ...base, pretrained: goldenPath('families/timm-swin'), dropPath: 0.2 }, 16);
    using tuned = await buildModel(pretrained, { ...task, shape: [3, 16, 16] });
    assert.deepEqual([tuned.config.numClasses, tuned.config.dropPathRate], [2, 0.2]);
    await assert.rejects(attentionPictures(tuned, at('x.png'), []), /a ViT for --attention but received a Swin/);
  });

  it('is read back with its settings, which must be those of its weights', async () => {
    const settings = resolveSettings({ ...base, pretrained: goldenPath('families/timm-swin') }, 16);
    using model = await buildModel(settings, { ...task, shape: [3, 16, 16] });
    mkdirSync(at('run'));
    const config = runConfig(settings, model.config, task.classNames);
    writeFileSync(at('run/config.json'), JSON.stringify(config));
    await io.saveSafetensors(at('run/model.safetensors'), model.stateDict(), io.modelMetadata(model));
    const opened = await openRun(at('run'));
    using again = opened.model;
    assert.ok(again instanceof nn.Swin);
    assert.deepEqual(again.config, model.config);
    assert.deepEqual(again.pretrainedConfig?.labels, ['day', 'night']);
    const other = readFileSync(at('run/config.json'), 'utf8').replace('"windowSize":[4,4]', '"windowSize":[2,2]');
    writeFileSync(at('run/config.json'), other);
    await assert.rejects(openRun(at('run')), /windowSize: \[4,4\], as .* says, .* windowSize: \[2,2\]/);
    writeFileSync(at('run/config.json'), other.replace('"family":"swin"', '"family":"snail"'));
    await assert.rejects(openRun(at('run')), /a family that is known/);
  });
});
