import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { addonPath, packageRoot } from '../../lib/native.js';
import { INTERFACE } from '../../lib/native-interface.js';
import { childEnvironment } from '../child-environment.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { installPacked, packedAddon } from './packed.js';

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

describe('an addon of another interface than the JavaScript', function () {
  this.timeout(120_000);
  const at = temporaryDirectory();
  const OTHER = '0123456789abcdef';

  before(function () {
    // A sanitizer's build is loaded beside its run-time libraries.
    if (process.env.VITRINE_ADDON) this.skip();
  });

  /** The addon that runs this test, under another stamp. */
  function ofAnother(): Buffer {
    const bytes = readFileSync(addonPath);
    const place = bytes.indexOf(`${INTERFACE}\0`);
    assert.ok(place > 0, 'the stamp stands in the binary');
    bytes.write(OTHER, place, 'latin1');
    assert.equal(bytes.indexOf(`${INTERFACE}\0`), -1, 'once');
    return bytes;
  }

  /** What importing a module says. */
  function told(module: string, env: Record<string, string> = {}): string {
    const program = `await import(${JSON.stringify(pathToFileURL(module).href)}).then(() => console.log('loaded'), (error) => console.log(error.message));`;
    return spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      env: childEnvironment(env),
      encoding: 'utf8',
    }).stdout;
  }

  const message = (file: string, received: string, named = '') =>
    `Expected a native addon of interface ${INTERFACE}, which this JavaScript of vitrine calls, but ${file} is ${received}: they are of two versions. ${named}Install vitrine again with \`npm install --force\`, or run \`npm run setup\` in a checkout, which builds what is of other sources.\n`;

  it('is refused by VITRINE_ADDON, with both names, and what to do is told', () => {
    const file = at('other.node');
    writeFileSync(file, ofAnother());
    assert.equal(
      told(join(packageRoot, 'dist/lib/native.js'), { VITRINE_ADDON: file }),
      message(file, `of interface ${OTHER}`, 'Unset VITRINE_ADDON, or build that file from the same sources. '),
    );
  });

  it('is refused where it was made before interfaces had names', () => {
    const file = at('nameless.node');
    const bytes = ofAnother();
    // The name under which the addon exports it.
    for (let place = bytes.indexOf('interface\0'); place >= 0; place = bytes.indexOf('interface\0', place + 1)) {
      bytes.write('unterface', place, 'latin1');
    }
    writeFileSync(file, bytes);
    const said = told(join(packageRoot, 'dist/lib/native.js'), { VITRINE_ADDON: file });
    assert.ok(said.includes(`but ${file} is of an interface without a name, older than this`), said);
  });

  it('is refused among prebuilds/ and in build/ of a package, and one that is whole is loaded there', () => {
    const project = at('project');
    installPacked(project);
    const root = join(project, 'node_modules/vitrine');
    const entry = join(root, 'dist/package/index.js');
    const [packed, built] = [join(root, packedAddon()), join(root, 'build/Release/vitrine.node')];
    copyFileSync(addonPath, packed);
    assert.equal(told(entry), 'loaded\n');
    // Another file, not the same one written over, which a loader may have mapped.
    rmSync(packed);
    writeFileSync(packed, ofAnother());
    assert.equal(told(entry), message(packed, `of interface ${OTHER}`));
    mkdirSync(dirname(built), { recursive: true });
    writeFileSync(built, ofAnother());
    assert.equal(told(entry), message(built, `of interface ${OTHER}`));
    copyFileSync(addonPath, built);
    assert.equal(told(entry), 'loaded\n');
  });
});
