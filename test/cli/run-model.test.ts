import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { data, evaluate, ViT } from '../../lib/index.js';
import { ownPreprocessing } from '../../lib/io/pretrained/preprocessing.js';
import { packageRoot } from '../../lib/native.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { warningsOf } from '../io/warnings-of.js';
import { runCli } from './run-cli.js';

describe('the model of a run', function () {
  this.timeout(60_000);
  const at = temporaryDirectory();

  it('is read back by fromPretrained, with its classes and images, to the accuracy of its summary', async () => {
    const sizes = ['--dim', '16', '--depth', '2', '--heads', '4', '--mlp-ratio', '3'];
    const { code, stderr } = await runCli([
      'train',
      '--preset',
      'digits',
      ...sizes,
      '--epochs',
      '2',
      '--out',
      at('run'),
    ]);
    assert.equal(code, 0, stderr);
    const told = await warningsOf(async () => {
      for (const path of [at('run'), at('run/model.safetensors')]) {
        using model = await ViT.fromPretrained(path);
        assert.equal(model.config.numHeads, 4);
        const { labels, layout, ...images } = model.pretrainedConfig ?? assert.fail('no pretrainedConfig');
        assert.equal(labels?.join(), '0,1,2,3,4,5,6,7,8,9');
        assert.deepEqual([layout, images], ['vitrine', ownPreprocessing([8, 8], 1)]);
        const test = await data.loadIdxDataset(`${packageRoot}/data/digits`, 'test');
        const { testAccuracy } = JSON.parse(readFileSync(at('run/summary.json'), 'utf8'));
        assert.equal((await evaluate(model, test)).accuracy, testAccuracy);
      }
    });
    assert.deepEqual(told, []);
  });
});
