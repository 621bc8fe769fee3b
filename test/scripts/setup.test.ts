import assert from 'node:assert/strict';
import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../lib/native.js';
import { childEnvironment } from '../child-environment.js';
import { temporaryDirectory } from '../io/temporary-directory.js';

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
