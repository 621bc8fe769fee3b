import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { evaluationData } from '../../lib/cli/evaluation-data.js';
import { openModel } from '../../lib/cli/open-model.js';
import { beginCheckpoints } from '../../lib/cli/run-checkpoints.js';
import { runConfig } from '../../lib/cli/run-config.js';
import { resolveSettings } from '../../lib/cli/train-settings.js';
import { ViT } from '../../lib/index.js';
import { ownPreprocessing } from '../../lib/io/pretrained/preprocessing.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { tinyViT } from '../train/tiny-problem.js';
import { runCli } from './run-cli.js';

describe('the names of classes', function () {
  this.timeout(60_000);
  const at = temporaryDirectory();

  // A checkpoint that says all but what its classes are called.
  before(async () => {
    mkdirSync(at('nameless'));
    using model = tinyViT({ inChans: 3, numClasses: 2 });
    model.pretrainedConfig = { layout: 'vitrine', ...ownPreprocessing([8, 8], 3) };
    await model.save(at('nameless/model.safetensors'));
    for (const name of ['day', 'night']) {
      mkdirSync(at(`photos/${name}`), { recursive: true });
      const image = sharp({
        create: { width: 8, height: 8, channels: 3, background: name === 'day' ? '#fff' : '#000' },
      });
      await image.png().toFile(at(`photos/${name}/1.png`));
    }
  });

  it('are told to be missing, and numbers stand for them', async () => {
    const { code, stdout, stderr } = await runCli([
      'predict',
      '--run',
      at('nameless'),
      '--json',
      at('photos/day/1.png'),
    ]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      JSON.parse(stdout)[0]
        .classes.map(({ name }: { name: string }) => name)
        .sort(),
      ['0', '1'],
    );
    assert.equal(
      stderr,
      'vitrine: The checkpoint does not name its classes, so they are numbers. A classes.json beside it, an array of names, is read.\n',
    );
  });

  it('are those of the folder that the model is tested on', async () => {
    using model = await openModel(at('nameless'));
    const { classNames } = await evaluationData(model, at('photos'), undefined, { batchSize: 2, views: undefined });
    assert.deepEqual(classNames, ['day', 'night']);
  });

  it("are read from classes.json where the checkpoint does not say them, and classes are the model's then", async () => {
    writeFileSync(at('nameless/classes.json'), '["night", "day"]');
    using model = await ViT.fromPretrained(at('nameless'));
    assert.deepEqual(model.pretrainedConfig?.labels, ['night', 'day']);
    const { test } = await evaluationData(model, at('photos'), undefined, { batchSize: 2, views: undefined });
    assert.ok('labels' in test);
    assert.deepEqual([...test.labels], [1, 0]); // day, night, by the model's numbers
    using other = await ViT.fromPretrained(at('nameless'), { numClasses: 3 });
    assert.equal(other.pretrainedConfig?.labels, undefined);
  });

  it('of another number of classes are left out, and told; what is no list of names is refused', async () => {
    writeFileSync(at('nameless/classes.json'), '["day", "night", "dusk"]');
    const warned: string[] = [];
    const onWarning = ({ message }: Error): unknown => warned.push(message);
    process.on('warning', onWarning);
    using model = await ViT.fromPretrained(at('nameless'));
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    assert.equal(model.pretrainedConfig?.labels, undefined);
    assert.match(
      warned.join(),
      /^classes\.json beside .*nameless.* names 3 classes, and the model has 2: it is left out\.$/,
    );
    writeFileSync(at('nameless/classes.json'), '{"0": "day"}');
    await assert.rejects(
      ViT.fromPretrained(at('nameless')),
      /^TypeError: Expected an array of names of classes for .*classes\.json/,
    );
  });

  it('that a training goes on with must be those beside its checkpoints', async () => {
    using model = tinyViT();
    mkdirSync(at('checkpoints'));
    writeFileSync(at('checkpoints/classes.json'), '["cat", "dog"]');
    const flags = { data: at('photos'), aug: true, checkpoints: true, capture: true, report: true };
    const config = runConfig(resolveSettings(flags, 8), model.config, ['day', 'night']);
    await assert.rejects(
      beginCheckpoints(at('checkpoints'), config, { resume: true, force: false }),
      /the classes of the training that goes on, "cat", "dog", for --resume but received "day", "night"/,
    );
  });
});
