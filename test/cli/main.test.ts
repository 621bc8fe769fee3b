import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../child-environment.js';
import { runCli } from './run-cli.js';

// No command below may load the addon, so that help and set-up work before it is built.
const withoutAddon = { VITRINE_ADDON: '/nonexistent/vitrine.node' };

describe('vitrine on the command line', () => {
  it('tells its commands without the addon', async () => {
    const { code, stdout, stderr } = await runCli(['--help'], { env: withoutAddon });
    assert.equal(code, 0);
    assert.equal(stderr, '');
    for (const command of ['train', 'eval', 'predict', 'convert', 'info', 'bench', 'setup']) {
      assert.match(stdout, new RegExp(`^ {2}${command}\\b`, 'm'));
    }
  });

  it('tells its version', async () => {
    const packageFile = fileURLToPath(new URL('../../../package.json', import.meta.url));
    const { stdout } = await runCli(['--version'], { env: withoutAddon });
    assert.equal(stdout.trim(), JSON.parse(readFileSync(packageFile, 'utf8')).version);
  });

  it('tells in one line that the addon is missing, with a stack only on request', async () => {
    const { code, stdout, stderr } = await runCli(['info'], { env: withoutAddon });
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /^vitrine: Expected a native addon for .* but .* does not load: there is none\. Unset VITRINE_ADDON\..*\n$/,
    );
    for (const verbose of [
      await runCli(['info', '--verbose'], { env: withoutAddon }),
      await runCli(['info'], { env: { ...withoutAddon, VITRINE_DEBUG: '1' } }),
    ]) {
      assert.match(verbose.stderr, /\n +at /);
    }
  });

  it('refuses flags and commands that it does not know, with exit code 2', async () => {
    for (const args of [['train', '--epoch', '3'], ['trian'], ['predict'], ['train', '--lr']]) {
      const { code, stderr } = await runCli(args, { env: withoutAddon });
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, /^vitrine: /);
    }
  });

  it('refuses a wrong value in one sentence, with exit code 2', async () => {
    const wrong: readonly (readonly [args: string[], sentence: string])[] = [
      [['train', '--batch', '0'], 'Expected a whole number of at least 1 for --batch-size but received 0.'],
      [['train', '--epochs', '0'], 'Expected a whole number of at least 1 for --epochs but received 0.'],
      [['train', '--preset', 'cats'], "Expected one of 'digits' for --preset but received 'cats'."],
      [['train', '--threads', '1025'], 'Expected a whole number from 1 to 1024 for --threads but received 1025.'],
      [
        ['train', '--preset', 'digits', '--data', 'here'],
        'Expected --preset or --data for vitrine train but received both. The preset trains on the bundled digits; --data names other images.',
      ],
      [['eval', '--run', ''], "Expected a path for --run but received ''."],
      [['predict', '--top', 'x', 'a.png'], "Expected a whole number of at least 1 for --top but received 'x'."],
      [['embed', '--out', 'f.txt', 'here'], "Expected a path that ends in .npy for --out but received 'f.txt'."],
      [
        ['train', '--seed', '1e30'],
        'Expected a whole number from 0 to 9007199254740991 for --seed but received 1e+30.',
      ],
      [
        ['find-lr'],
        'Expected --preset digits or --data <folder> for vitrine find-lr but received neither. The preset trains on the bundled digits; --data names a folder of images in class folders.',
      ],
      [['knn'], 'Expected --features, or --model and --data for vitrine knn but received neither.'],
      [
        ['knn', '--features', 'f.npy', '--pool', 'cls'],
        'Expected --model and --data for --pool but received --features. It says how features are made, and these are.',
      ],
    ];
    for (const [args, sentence] of wrong) {
      const { code, stderr } = await runCli(args, { env: withoutAddon });
      assert.deepEqual([stderr, code], [`vitrine: ${sentence}\n`, 2]);
    }
  });

  it('hands its arguments on to set-up', async () => {
    const { code, stdout } = await runCli(['setup', '--check'], { env: withoutAddon });
    assert.match(stdout, /^(present|MISSING) /m);
    assert.ok(code === 0 || code === 1);
  });

  it('tells in a sentence that stdout cannot be written; messages that cannot be end nothing', function () {
    if (process.platform !== 'linux') this.skip();
    const main = fileURLToPath(new URL('../../lib/cli/main.js', import.meta.url));
    const run = (command: string): ReturnType<typeof spawnSync> =>
      spawnSync('sh', ['-c', `"${process.execPath}" "${main}" ${command}`], {
        encoding: 'utf8',
        env: childEnvironment(),
      });
    const full = run('info > /dev/full');
    assert.match(
      String(full.stderr),
      /^vitrine: Expected an output that can be written for stdout but received ENOSPC: .*\n$/,
    );
    assert.equal(full.status, 1);
    assert.equal(run('trian 2> /dev/full').status, 2);
  });

  it('ends quietly when nobody reads on', function () {
    if (process.platform === 'win32') this.skip();
    const main = fileURLToPath(new URL('../../lib/cli/main.js', import.meta.url));
    const command = `"${process.execPath}" "${main}" --help | true`;
    const { stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8', env: childEnvironment() });
    assert.equal(stderr, '');
  });
});
