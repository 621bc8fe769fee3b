import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import { packageRoot } from '../../lib/package-root.js';
import { childEnvironment } from '../child-environment.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { installPacked, packedAddon } from './packed.js';

interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Node 20 has the permissions' flag under its first name. */
const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

describe('the packed vitrine, installed', function () {
  this.timeout(120_000);
  const at = temporaryDirectory();
  let project = '';
  let own = '';
  before(() => {
    project = installPacked(at('ein Projekt für Bücher/app'));
    own = join(project, 'node_modules/vitrine');
  });

  function run(file: string, program: string, flags: readonly string[] = []): Ended {
    writeFileSync(join(project, file), program);
    // None of the machine's compilers, nor anything else.
    const env = childEnvironment({ PATH: '', NODE_NO_WARNINGS: '' });
    return spawnSync(process.execPath, [...flags, file], { cwd: project, encoding: 'utf8', env });
  }

  /** Runs `work` while the packed binary is spoilt. */
  function spoilt(spoil: (addon: string) => void, work: () => void): void {
    const addon = join(own, packedAddon());
    cpSync(addon, `${addon}.kept`);
    try {
      spoil(addon);
      work();
    } finally {
      cpSync(`${addon}.kept`, addon);
    }
  }

  /** The bytes of JavaScript that a module of the package loads by its static imports, and its own. */
  function bytesLoadedBy(entry: string): number {
    const files = new Set([join(own, 'dist/package', entry)]);
    for (const file of files) {
      const imports = readFileSync(file, 'utf8').matchAll(/^(?:import|\} from) .*?"(\.\.?\/[^"]+)";$/gm);
      for (const [, path = ''] of imports) files.add(join(dirname(file), path));
    }
    return [...files].reduce((bytes, file) => bytes + statSync(file).size, 0);
  }

  const STEP = `
    const model = new ViT({ imgSize: 8, patchSize: 4, inChans: 1, numClasses: 10, embedDim: 16, depth: 1, numHeads: 2 });
    F.crossEntropy(model.forward(randn([2, 1, 8, 8])), randint(0, 10, [2])).backward();
    console.log(info().version, data.digitsPath);`;
  const VERSION = /^0\.1\.0 .*vitrine.data.digits\n$/;

  it('holds what it names, and no binding.gyp, by which npm would compile', () => {
    const { version, exports, bin } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'));
    assert.match(version, /^\d+\.\d+\.\d+$/);
    const named = Object.values<string | Record<string, string>>({ ...exports, ...bin }).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    );
    assert.ok(named.length > 10);
    const readme = readFileSync(join(own, 'README.md'), 'utf8');
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1] ?? '');
    assert.ok(links.length > 2);
    const files = [...named, ...links, 'LICENSE', 'native/vitrine.gypi', 'native/exports.map', 'data/digits/README.md'];
    assert.deepEqual(
      files.filter((file) => !existsSync(join(own, file))),
      [],
    );
    for (const absent of ['binding.gyp', 'test', 'dist/test', 'native/tests', 'build']) {
      assert.equal(existsSync(join(own, absent)), false, absent);
    }
  });

  it('takes a step as a module, spawning nothing, writing nothing, with no program in reach', () => {
    const flags = [PERMISSION, '--allow-fs-read=*', '--allow-addons', '--no-warnings'];
    const program = `import { data, F, info, randint, randn, ViT } from 'vitrine'; ${STEP}`;
    const { status, stdout, stderr } = run('step.mjs', program, flags);
    assert.equal(stderr, '');
    assert.match(stdout, VERSION);
    assert.equal(status, 0);
  });

  it('loads what takes Node.js milliseconds where it is used, and not before', () => {
    const program = `const loaded = () => process.moduleLoadList.filter((name) => /^NativeModule (crypto|zlib|worker_threads)$/.test(name));
      Intl.NumberFormat = class { constructor() { console.log('Intl'); } };
      const before = loaded();
      const { io, ones } = await import('vitrine');
      console.log(before.length, loaded().length);
      await io.saveSafetensors('late.safetensors', new Map([['a', ones([1])]]));
      console.log(loaded());`;
    assert.equal(run('late.mjs', program).stdout, "0 0\n[ 'NativeModule crypto' ]\n");
  });

  it('loads what trains, reads and writes where it is used, and not before', () => {
    const program = `import { createRequire } from 'node:module';
      const late = () => Object.keys(createRequire(import.meta.url).cache).filter((file) => file.endsWith('.cjs')).length;
      const vitrine = await import('vitrine');
      new vitrine.ViT({ imgSize: 8, patchSize: 4, embedDim: 16, depth: 1, numHeads: 2 }).forward(vitrine.randn([1, 3, 8, 8]));
      console.log(late(), typeof vitrine.data.digitsPath, late() > 0);`;
    assert.equal(run('parts.mjs', program).stdout, '0 string true\n');
    assert.ok(bytesLoadedBy('index.js') < 400_000, String(bytesLoadedBy('index.js')));
  });

  it('has chunks that all load', () => {
    const program = `import { readdirSync } from 'node:fs'; import 'vitrine';
      const folder = './node_modules/vitrine/dist/package/';
      const { late } = await import(folder + 'late.js');
      const files = readdirSync(folder).filter((name) => !/^(cli|bench|.*-worker)\\.js$/.test(name));
      for (const file of files.filter((name) => name.endsWith('.cjs'))) if (typeof late(file) !== 'object') console.log(file);
      for (const file of files.filter((name) => name.endsWith('.js'))) await import(folder + file);
      console.log(files.length > 40);`;
    const { stdout, stderr } = run('chunks.mjs', program, ['--no-warnings']);
    assert.deepEqual([stdout, stderr], ['true\n', '']);
  });

  it('takes a step through require(), which gives the same module', () => {
    const program = `const { data, F, info, randint, randn, ViT } = require('vitrine'); ${STEP}
      import('vitrine').then((module) => { if (module.ViT !== ViT) throw new Error('another copy'); });`;
    const { status, stdout } = run('step.cjs', program, ['--no-warnings']);
    assert.match(stdout, VERSION);
    assert.equal(status, 0);
  });

  it("has the root's namespaces as paths of their own, with the very same classes, which keep their names", () => {
    const names = ['nn', 'data', 'io', 'render'];
    const program = `import * as root from 'vitrine';
      const same = (a, b) => Object.keys(b).length > 3 && Object.keys(b).every((key) => a[key] === b[key]);
      for (const name of ${JSON.stringify(names)}) console.log(same(root[name], await import('vitrine/' + name)));
      const { Trainer, Capture } = await import('vitrine/train');
      console.log(Trainer === root.Trainer && Capture === root.Capture);
      const classes = ['nn', 'optim', 'data'].flatMap((name) => Object.entries(root[name])).concat(Object.entries(root));
      const renamed = classes.filter(([key, value]) => /^class /.test(String(value)) && value.name !== key);
      console.log(classes.length > 100, renamed.map(([key]) => key));`;
    assert.equal(run('paths.mjs', program).stdout, `${'true\n'.repeat(names.length + 1)}true []\n`);
  });

  it('works in a bundle beside the installed package, and tells its own version', () => {
    writeFileSync(join(project, 'entry.mjs'), `import { data, F, info, randint, randn, ViT } from 'vitrine'; ${STEP}`);
    mkdirSync(join(project, 'out'), { recursive: true });
    buildSync({
      ...{ entryPoints: [join(project, 'entry.mjs')], outfile: join(project, 'out/bundle.mjs'), bundle: true },
      ...{
        platform: 'node',
        format: 'esm',
        external: ['sharp', 'hyparquet-compressors', '*.node'],
        logLevel: 'silent',
      },
    });
    const { stdout, stderr } = run('run.mjs', "await import('./out/bundle.mjs')");
    assert.equal(stderr, '');
    assert.match(stdout, VERSION);
  });

  it('tells whether node-gyp and node-addon-api, which build the addon, are there', () => {
    const check = () =>
      run(
        'setup.mjs',
        "process.argv.push('setup', '--check'); await import('./node_modules/vitrine/dist/package/cli.js');",
      ).stdout;
    const told = (state: string) => new RegExp(`^${state} +node-gyp and node-addon-api`, 'm');
    assert.match(check(), told('MISSING'));
    const linked = ['node-gyp', 'node-addon-api'].map((name) => join(project, 'node_modules', name));
    for (const path of linked) symlinkSync(join(packageRoot, 'node_modules', basename(path)), path);
    assert.match(check(), told('present'));
    for (const path of linked) rmSync(path);
  });

  it('runs in worker threads, each with a stream of its own', () => {
    const program = `import { once } from 'node:events'; import { isMainThread, parentPort, Worker } from 'node:worker_threads';
      import { F, ones } from 'vitrine';
      const sum = await F.sum(F.matmul(ones([8, 8]), ones([8, 8]))).item();
      if (isMainThread) console.log(sum, (await once(new Worker(new URL(import.meta.url)), 'message'))[0]);
      else parentPort.postMessage(sum);`;
    assert.equal(run('threads.mjs', program).stdout, '512 512\n');
  });

  it('has the benchmarks, whose contender starts without sharp', () => {
    const program = `process.argv.splice(2, 0, 'fp32', 'vitrine');
      await import('./node_modules/vitrine/dist/package/contenders/vitrine.js'); process.stdin.destroy();`;
    assert.match(run('contender.mjs', program).stdout, /^\{"ready":"vitrine 0\.1\.0/);
    assert.match(run('bench.mjs', "await import('./node_modules/vitrine/dist/package/bench.js');").stderr, /embed/);
  });

  it('tells a process that loads two copies, with the commands that make them one', () => {
    const other = join(project, 'nested/node_modules/vitrine');
    mkdirSync(dirname(other), { recursive: true });
    cpSync(own, other, { recursive: true });
    const program = "import 'vitrine'; await import('./nested/node_modules/vitrine/dist/package/index.js');";
    const { status, stderr } = run('two.mjs', program);
    assert.match(stderr, /VitrineWarning: Expected one vitrine in this process but .*`npm ls vitrine`.*`npm dedupe`/);
    assert.equal(status, 0);
  });

  it('tells that sharp is missing where an image is decoded, and there alone', () => {
    const png = 'Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])';
    const program = `import { writeFileSync } from 'node:fs'; import { data } from 'vitrine';
      writeFileSync('a.png', ${png});
      await data.loadImages(['a.png'], { resize: 8, crop: [8, 8], interpolation: 'bilinear', mean: [0], std: [1] }).catch((error) => console.log(error.message));`;
    const { stdout } = run('image.mjs', program);
    assert.match(stdout, /Expected the package sharp, which decodes images, but .* `npm install sharp`\.\n$/);
  });

  const damages: readonly (readonly [string, (addon: string) => void, RegExp])[] = [
    ['cut short', (addon) => truncateSync(addon, Math.floor(statSync(addon).size / 2)), /it has \d+ bytes of \d+/],
    ['missing', (addon) => rmSync(addon), /there is none/],
    [
      'of another machine',
      (addon) => {
        const bytes = readFileSync(addon);
        bytes.writeUInt16LE(243, 18); // e_machine: RISC-V
        writeFileSync(addon, bytes);
      },
      /vitrine\.node: it is for linux-riscv64, and this is linux-/,
    ],
    [
      'of Windows',
      (addon) => writeFileSync(addon, 'MZ'.padEnd(100)),
      /vitrine\.node: it is for win32, and this is linux-/,
    ],
    [
      'of macOS',
      (addon) => writeFileSync(addon, Buffer.from('cffaedfe0c000001'.padEnd(200, '0'), 'hex')),
      /vitrine\.node: it is for darwin-arm64, and this is linux-/,
    ],
  ];
  for (const [title, spoil, reason] of damages) {
    it(`tells each file's reason, and what mends it, where the binary is ${title}`, function () {
      if (process.platform !== 'linux') this.skip();
      spoilt(spoil, () => {
        const { status, stderr } = run('spoilt.mjs', "import 'vitrine';");
        assert.equal(status, 1);
        assert.match(
          stderr,
          /Error: Expected vitrine's native addon for .* but none loads\.\n {2}.*build.Release.*: there is none\n/,
        );
        assert.match(stderr, reason);
        assert.match(stderr, /\nInstall vitrine again with `npm install --force`/);
      });
    });
  }

  it('tells which flag is missing where addons are forbidden', () => {
    const { status, stderr } = run('forbidden.mjs', "import 'vitrine';", [PERMISSION, '--allow-fs-read=*']);
    assert.equal(status, 1);
    assert.match(stderr, /Start node with `--allow-addons` beside `--permission`/);
  });
});
