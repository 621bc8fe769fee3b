import assert from 'node:assert/strict';
import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { addonPath, packageRoot } from '../../lib/native.js';
import { childEnvironment } from '../child-environment.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { packedAddon } from '../package/packed.js';

const RELEASE = 'build/Release';

describe('the setup', function () {
  this.timeout(120_000);
  const at = temporaryDirectory();

  /** A tree that shares everything with this one but for the scripts, which find the tree by where they are, and the addon. */
  function tree(name: string): string {
    mkdirSync(join(at(name), RELEASE), { recursive: true });
    for (const entry of readdirSync(packageRoot)) {
      if (!['.git', 'build', 'scripts'].includes(entry)) symlinkSync(join(packageRoot, entry), join(at(name), entry));
    }
    cpSync(join(packageRoot, 'scripts'), join(at(name), 'scripts'), { recursive: true });
    const built = ['vitrine.node', 'vitrine.stamp'].map((file) => join(packageRoot, RELEASE, file));
    execFileSync('cp', ['-p', ...built, join(at(name), RELEASE)], { env: childEnvironment() }); // times to the nanosecond
    return at(name);
  }

  function check(root: string, env: Record<string, string> = {}): { code: number | null; line: string } {
    const { status, stdout } = spawnSync(process.execPath, [join(root, 'scripts/setup.mjs'), '--check'], {
      env: childEnvironment(env),
      encoding: 'utf8',
    });
    return { code: status, line: stdout.split('\n').find((text) => text.includes('vitrine.node')) ?? '' };
  }

  const damages: readonly (readonly [title: string, damage: (addon: string) => void])[] = [
    ['cut short', (addon) => truncateSync(addon, Math.floor(statSync(addon).size / 2))],
    ['empty', (addon) => truncateSync(addon, 0)],
    ['something else', (addon) => writeFileSync(addon, 'throw new Error("run")')],
  ];
  for (const [title, damage] of damages) {
    it(`finds an addon missing that is ${title}`, () => {
      const root = tree(title);
      assert.match(check(root).line, /^present /);
      damage(join(root, RELEASE, 'vitrine.node'));
      const { code, line } = check(root);
      assert.equal(code, 1);
      assert.match(line, /^MISSING {2}build\/Release\/vitrine\.node, which does not load: \S/);
    });
  }

  it('does not take a wrong value in the environment for a damaged addon', () => {
    assert.match(check(tree('odd shell'), { VITRINE_THREADS: 'all', VITRINE_ISA: 'mmx' }).line, /^present /);
  });
});

describe('a binary that was made elsewhere', function () {
  this.timeout(120_000);
  const at = temporaryDirectory();
  const binary = packedAddon();

  /** A tree with that binary among its prebuilds, which has built none itself. */
  function tree(name: string, stamp: string): string {
    mkdirSync(join(at(name), dirname(binary)), { recursive: true });
    for (const entry of readdirSync(packageRoot)) {
      if (!['.git', 'build', 'prebuilds', 'scripts'].includes(entry)) {
        symlinkSync(join(packageRoot, entry), join(at(name), entry));
      }
    }
    // With times to the nanosecond, by which the setup knows what was bundled by them.
    execFileSync('cp', ['-pr', join(packageRoot, 'scripts'), at(name)], { env: childEnvironment() });
    cpSync(addonPath, join(at(name), binary));
    writeFileSync(join(at(name), dirname(binary), 'vitrine.stamp'), stamp);
    return at(name);
  }

  function run(root: string, args: readonly string[]): SpawnSyncReturns<string> {
    return spawnSync(process.execPath, args, { cwd: root, env: childEnvironment({ PATH: '' }), encoding: 'utf8' });
  }

  /** What `npm run prebuild` writes beside a binary. */
  function stampOfSources(): string {
    const program = `import { contentOf, nativeSources } from './scripts/setup/freshness.mjs';
      process.stdout.write(contentOf(nativeSources()));`;
    return run(packageRoot, ['--input-type=module', '--eval', program]).stdout;
  }

  before(function () {
    // A sanitizer's build does not load by itself.
    if (process.env.VITRINE_ADDON) this.skip();
  });

  it('serves a clone of its sources, which then compiles nothing', () => {
    const root = tree('same', stampOfSources());
    const { stdout, stderr, status } = run(root, ['scripts/setup.mjs']);
    assert.deepEqual({ stdout, stderr, status }, { stdout: '', stderr: '', status: 0 });
    assert.equal(existsSync(join(root, 'build')), false);
    assert.match(run(root, ['scripts/setup.mjs', '--check']).stdout, /^present {2}prebuilds\/.*vitrine\.node/m);
  });

  it('does not serve where the sources are others', () => {
    assert.match(
      run(tree('other', 'f'.repeat(64)), ['scripts/setup.mjs', '--check']).stdout,
      /^MISSING {2}build\/Release\/vitrine\.node/m,
    );
  });

  it('is not packed with other sources', () => {
    const stale = (root: string) => run(root, ['scripts/prebuild.mjs', '--stale']);
    assert.equal(stale(tree('packed', stampOfSources())).status, 0);
    const { status, stderr } = stale(tree('stale', 'f'.repeat(64)));
    assert.equal(status, 1);
    assert.match(stderr, /^Expected prebuilds\/.* of the sources as they are but it is of others\. Make it anew/);
  });
});

describe('a step of a script', () => {
  /** Runs a step whose command is a program of Node's. */
  function runStep(program: string): SpawnSyncReturns<string> {
    const module = pathToFileURL(join(packageRoot, 'scripts/setup/step.mjs')).href;
    const script = `
      import { step } from ${JSON.stringify(module)};
      await step('making things', process.execPath, ['-e', ${JSON.stringify(program)}]).catch((e) => console.log(e.message));`;
    const args = ['--input-type=module', '--eval', script];
    return spawnSync(process.execPath, args, { env: childEnvironment(), encoding: 'utf8' });
  }

  it('tells that it begins, and how long it took', () => {
    assert.match(runStep('console.log(1)').stdout, /^making things \.\.\.\nmaking things \(\d+\.\d s\)\n$/);
  });

  it('tells the end of the output of what failed, and how it was called', () => {
    const { stdout } = runStep('console.error("no luck"); process.exitCode = 3');
    assert.match(stdout, /\nno luck\n\nmaking things failed after \d+\.\d s \(exit code 3\): .*node -e /);
  });
});
