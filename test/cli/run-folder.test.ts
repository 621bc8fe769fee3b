import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { makeRunFolder, readRunConfig } from '../../lib/cli/run-folder.js';
import { temporaryDirectory } from '../io/temporary-directory.js';

describe('the folder of a run', () => {
  const at = temporaryDirectory();

  it('is made with all above it, and may be there already', async () => {
    await makeRunFolder(at('a/b/c'));
    await makeRunFolder(at('a/b/c'));
    assert.ok(existsSync(at('a/b/c')));
  });

  it('cannot be made where a file is', async () => {
    writeFileSync(at('file'), '');
    for (const path of [at('file'), at('file/below')]) {
      await assert.rejects(makeRunFolder(path), {
        message: /^Expected a folder to write to for .*EEXIST.* Choose another one with --out\.$/,
      });
    }
  });

  it('is refused, and not waited for, where the system allows none', async function () {
    if (process.platform !== 'linux') this.skip();
    await assert.rejects(makeRunFolder('/proc/vitrine'), /Expected a folder to write to for \/proc\/vitrine/);
  });

  const broken: readonly (readonly [name: string, text: string, sentence: RegExp])[] = [
    ['not-json', '{"model":', /^TypeError: Expected JSON for .*config\.json but received/],
    ['no-model', '{"classNames":[],"data":null}', /^TypeError: Expected "model", "classNames" and "data" for/],
    ['array', '[]', /^TypeError: Expected "model", "classNames" and "data" for/],
  ];
  for (const [name, text, sentence] of broken) {
    it(`is refused with a config.json that is ${name}`, async () => {
      mkdirSync(at(name));
      writeFileSync(`${at(name)}/config.json`, text);
      await assert.rejects(readRunConfig(at(name)), sentence);
    });
  }

  it('is refused without a config.json', async () => {
    await assert.rejects(readRunConfig(at('none')), /Give a folder that `vitrine train` has written/);
  });
});
