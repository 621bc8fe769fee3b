import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadRun } from '../../lib/cli/load-run.js';
import { readRunConfig } from '../../lib/cli/run-config.js';
import { io, manualSeed, ViT } from '../../lib/index.js';
import { temporaryDirectory } from '../io/temporary-directory.js';

const MODEL = { imgSize: 8, patchSize: 4, inChans: 1, numClasses: 2, embedDim: 16, depth: 2, numHeads: 2 };

describe('the config.json of a run', () => {
  const at = temporaryDirectory();
  const good = () => ({ version: 1, model: { ...MODEL } as object, classNames: ['a', 'b'] as unknown, data: null });

  before(async () => {
    manualSeed(0);
    mkdirSync(at('run'));
    const model = new ViT(MODEL);
    await io.saveSafetensors(at('run/model.safetensors'), model.stateDict());
    model.dispose();
    writeFileSync(at('run/config.json'), JSON.stringify(good()));
  });

  /** A copy of the good run with another config.json. */
  function altered(name: string, text: string): string {
    cpSync(at('run'), at(name), { recursive: true });
    writeFileSync(at(`${name}/config.json`), text);
    return at(name);
  }

  it('gives the model again, with a version and without, as the first had none', async () => {
    for (const folder of [at('run'), altered('old', JSON.stringify({ ...good(), version: undefined }))]) {
      const { model, config } = await loadRun(folder);
      assert.deepEqual([model.config.numHeads, model.training, config.classNames], [2, false, ['a', 'b']]);
      model.dispose();
    }
  });

  const broken: readonly (readonly [name: string, text: string, sentence: RegExp])[] = [
    ['no JSON', '{"model":', /^TypeError: Expected JSON for .*config\.json but received/],
    ['without a model', '{"classNames":[],"data":null}', /Expected "model" and "classNames" for .*config\.json/],
    ['an array', '[]', /Expected a JSON object for .*config\.json/],
    ['of a later version', JSON.stringify({ ...good(), version: 2 }), /Expected a version of at most 1 for .* newer/],
    ['with a key twice', '{"model":{},"model":{}}', /Expected JSON with every key once/],
    ['with more names than classes', JSON.stringify({ ...good(), classNames: ['a', 'b', 'c'] }), /at most 2 classes/],
    ['with names that are numbers', JSON.stringify({ ...good(), classNames: [1, 2] }), /at most 2 classes/],
    [
      'with a batch of none',
      JSON.stringify({ ...good(), training: { batch: 0 } }),
      /at least 1 for "batch" of "training"/,
    ],
    [
      'with another precision',
      JSON.stringify({ ...good(), training: { precision: 'x' } }),
      /one of 'fp32', 'bf16' for/,
    ],
    ['with data that is no text', JSON.stringify({ ...good(), data: 3 }), /Expected a string for "data"/],
  ];
  for (const [name, text, sentence] of broken) {
    it(`is refused where it is ${name}`, async () => {
      await assert.rejects(readRunConfig(altered(name, text)), sentence);
    });
  }

  it('is refused where there is none, and where it is no regular file or of any size', async () => {
    await assert.rejects(readRunConfig(at('none')), /Give a folder that `vitrine train` has written/);
    mkdirSync(at('folder/config.json'), { recursive: true });
    await assert.rejects(readRunConfig(at('folder')), /but received .*a directory/);
    await assert.rejects(readRunConfig(altered('long', ' '.repeat(10_000_001))), /Expected at most 10000000 bytes/);
  });

  const sizes = { depth: 1e9, embedDim: 32, numClasses: 3, mlpRatio: 1e9, patchSize: 2, regTokens: 7, inChans: 3 };
  for (const [name, value] of Object.entries(sizes)) {
    it(`is held against the weights before anything is built: ${name} ${value}`, async () => {
      const folder = altered(name, JSON.stringify({ ...good(), model: { ...MODEL, [name]: value } }));
      const start = performance.now();
      await assert.rejects(loadRun(folder), /^TypeError: Expected .* for .*(config\.json|model\.safetensors)/);
      assert.ok(performance.now() - start < 2000);
    });
  }

  it('is named with no more than a few of its options, and without control characters', async () => {
    const odd = Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`\u001b[2Joption ${i}`, i]));
    const folder = altered('odd', JSON.stringify({ ...good(), model: { ...MODEL, ...odd } }));
    await assert.rejects(loadRun(folder), (error: Error) => {
      assert.ok(error.message.length < 1000, `${error.message.length} characters`);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
      assert.doesNotMatch(error.message, /[\u0000-\u001f\u007f]/);
      return true;
    });
  });

  it('is of the same run as the weights: heads, which no shape tells', async () => {
    manualSeed(0);
    const model = new ViT(MODEL);
    cpSync(at('run'), at('saved'), { recursive: true });
    await model.save(at('saved/model.safetensors'));
    model.dispose();
    (await loadRun(at('saved'))).model.dispose();
    writeFileSync(at('saved/config.json'), JSON.stringify({ ...good(), model: { ...MODEL, numHeads: 4 } }));
    await assert.rejects(loadRun(at('saved')), /Expected numHeads: 2, as .* says, for .*config\.json/);
    assert.ok(readFileSync(at('saved/model.safetensors')).length > 0);
  });
});
