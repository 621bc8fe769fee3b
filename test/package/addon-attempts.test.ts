import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { addonPath, packageRoot } from '../../lib/native.js';
import { childEnvironment } from '../child-environment.js';
import { temporaryDirectory } from '../io/temporary-directory.js';

describe('an addon that the system does not load', () => {
  const at = temporaryDirectory();
  before(function () {
    // A sanitizer's build is loaded beside its run-time libraries.
    if (process.platform !== 'linux' || process.env.VITRINE_ADDON) this.skip();
  });

  function whyNot(addon: string): string {
    const module = pathToFileURL(join(packageRoot, 'dist/lib/native.js')).href;
    const program = `await import(${JSON.stringify(module)}).then(() => console.log('loaded'), (error) => console.log(error.message));`;
    const args = ['--input-type=module', '--eval', program];
    const env = childEnvironment({ VITRINE_ADDON: addon });
    return spawnSync(process.execPath, args, { env, encoding: 'utf8' }).stdout;
  }

  it('loads as it is, wherever it lies', () => {
    copyFileSync(addonPath, at('whole.node'));
    assert.equal(whyNot(at('whole.node')), 'loaded\n');
  });

  it('is told to need a newer C library, and how to build one that does not', function () {
    const bytes = readFileSync(addonPath);
    let changed = 0;
    // The versions of the symbols that it takes, by name; of one length, so that all stays where it is.
    for (let place = bytes.indexOf('GLIBC_2.'); place >= 0; place = bytes.indexOf('GLIBC_2.', place + 1)) {
      if (!/^GLIBC_2\.\d\d\0/.test(bytes.toString('latin1', place, place + 11))) continue;
      bytes.write('99', place + 8, 'latin1');
      changed++;
    }
    if (changed === 0) this.skip(); // musl's symbols have no versions
    writeFileSync(at('newer.node'), bytes);
    assert.match(
      whyNot(at('newer.node')),
      /does not load: .*version .GLIBC_2\.99. not found.*\. The C library of this system is older than .*`npx vitrine setup`, or take a newer system\.\n$/,
    );
  });

  it('is told to lie on a file system without programs, and how to mount it', function () {
    const folder = at('ohne exec, für Bücher');
    mkdirSync(folder);
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'noexec', 'tmpfs', folder], {
      env: childEnvironment(),
    });
    if (status !== 0) this.skip(); // mounting is for root, and not for every one
    try {
      copyFileSync(addonPath, join(folder, 'vitrine.node'));
      assert.match(
        whyNot(join(folder, 'vitrine.node')),
        /mounted noexec: mount it with `mount -o remount,exec '\/.*\/ohne exec, für Bücher'`, or install vitrine on another\.\n$/,
      );
    } finally {
      spawnSync('umount', [folder], { env: childEnvironment() });
    }
  });
});
