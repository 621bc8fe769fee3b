import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { manualSeed, ViT } from '../../lib/index.js';
import { ownPreprocessing } from '../../lib/io/pretrained/preprocessing.js';
import { childEnvironment } from '../child-environment.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { runCli } from './run-cli.js';

describe('vitrine predict', function () {
  this.timeout(60_000);
  const at = temporaryDirectory();
  const grey = (level: number) =>
    sharp({ create: { width: 8, height: 8, channels: 3, background: { r: level, g: level, b: level } } });

  beforeEach(async () => {
    manualSeed(0);
    const model = new ViT({ imgSize: 8, patchSize: 4, numClasses: 2, embedDim: 8, depth: 1, numHeads: 2 });
    model.pretrainedConfig = { layout: 'vitrine', ...ownPreprocessing([8, 8], 3), labels: ['day, sunny', 'night'] };
    await model.save(at('model.safetensors'));
    model.dispose();
    mkdirSync(at('photos'), { recursive: true });
    await grey(250).png().toFile(at('photos/a.png'));
    await grey(5).jpeg().toFile(at('photos/b.jpg'));
    writeFileSync(at('photos/c.png'), 'no image');
  });

  it('tells the classes of a folder as lines of JSON, names the file that is no image, and ends with 1', async () => {
    const { code, stdout, stderr } = await runCli([
      'predict',
      ...['--run', at('model.safetensors'), '--format', 'jsonl'],
      at('photos'),
    ]);
    const results = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      results.map(({ image }) => image),
      [at('photos/a.png'), at('photos/b.jpg')],
    );
    for (const { classes } of results) {
      assert.deepEqual(classes.map(({ name }: { name: string }) => name).sort(), ['day, sunny', 'night']);
      assert.ok(Math.abs(classes[0].probability + classes[1].probability - 1) < 1e-6);
    }
    assert.match(stderr, /^vitrine: Expected an image .*c\.png.*\n$/);
    assert.equal(code, 1);
  });

  it('tells them as CSV, quoted as RFC 4180 has it', async () => {
    const args = ['predict', '--run', at('model.safetensors'), '--format', 'csv', at('photos/a.png')];
    const { code, stdout } = await runCli(args);
    assert.equal(code, 0);
    const [head, first, second] = stdout.split('\n');
    assert.equal(head, 'image,rank,class,probability');
    assert.match([first, second].find((line) => line?.includes('day')) ?? '', /,[12],"day, sunny",0\.\d+$/);
  });

  it('multiplies in the precision that is asked for', async () => {
    const run = (precision: string) =>
      runCli(['predict', '--run', at('model.safetensors'), '--json', '--precision', precision, at('photos/a.png')]);
    const [exact, rounded, wrong] = [await run('fp32'), await run('int8'), await run('int4')];
    const probability = ({ stdout }: { stdout: string }): number => JSON.parse(stdout)[0].classes[0].probability;
    assert.notEqual(probability(rounded), probability(exact));
    assert.ok(Math.abs(probability(rounded) - probability(exact)) < 0.02);
    assert.deepEqual([wrong.code, /one of .*'int8'.* for --precision .*'int4'/.test(wrong.stderr)], [2, true]);
  });

  it('reads an image from stdin, and draws what the model looks at', () => {
    const main = fileURLToPath(new URL('../../lib/cli/main.js', import.meta.url));
    const args = [
      'predict',
      '--run',
      at('model.safetensors'),
      '--json',
      '--attention',
      at('seen.png'),
      '--attention-mass',
      '0.6',
      '-',
    ];
    const input = readFileSync(at('photos/a.png'));
    const { status, stdout } = spawnSync(process.execPath, [main, ...args], { input, env: childEnvironment() });
    assert.equal(status, 0);
    assert.equal(JSON.parse(stdout.toString())[0].image, '-');
    assert.deepEqual([...readFileSync(at('seen.png')).subarray(1, 4)], [...Buffer.from('PNG')]);
  });

  it('draws several images into a folder, and refuses a file for them', async () => {
    await grey(5).png().toFile(at('photos/c.png'));
    const run = (path: string) =>
      runCli(['predict', '--run', at('model.safetensors'), '--attention', path, at('photos')]);
    assert.deepEqual([(await run(at('seen.png'))).code, (await run(at('seen'))).code], [2, 0]);
    const alone = await runCli(['predict', '--run', at('model.safetensors'), '--attention-mass', '0.5', at('photos')]);
    assert.deepEqual(
      [alone.code, /--attention, the path of pictures,.*--attention-mass/.test(alone.stderr)],
      [2, true],
    );
    for (const name of ['a.png', 'b.jpg', 'c.png']) assert.ok(existsSync(at(`seen/${name}.png`)), name);
  });

  it('draws PNG only, and gives one format', async () => {
    for (const [given, sentence] of [
      [['--attention', at('seen.jpg')], /^vitrine: Expected a \.png file, or a folder, for --attention but received /],
      [['--attention', at('model.safetensors')], /^vitrine: Expected a \.png file, or a folder, for --attention but /],
      [
        ['--json', '--format', 'csv'],
        /^vitrine: Expected --json or --format for vitrine predict but received --json and /,
      ],
    ] as const) {
      const { code, stderr } = await runCli([
        'predict',
        '--run',
        at('model.safetensors'),
        ...given,
        at('photos/a.png'),
      ]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, sentence);
    }
  });

  it('says in one sentence that there is no model', async () => {
    const { code, stderr } = await runCli(['predict', '--run', at('nowhere'), at('photos/a.png')]);
    assert.equal(code, 1);
    assert.match(stderr, /^vitrine: Expected a trained model for .*nowhere.* Give a folder that .*\n$/);
  });
});

describe('vitrine convert and info', function () {
  this.timeout(60_000);
  const at = temporaryDirectory();

  it('writes a checkpoint in another layout, describes it, and replaces nothing unless forced', async () => {
    manualSeed(0);
    const model = new ViT({ imgSize: 8, patchSize: 4, numClasses: 2, embedDim: 8, depth: 1, numHeads: 2 });
    model.pretrainedConfig = { layout: 'vitrine', ...ownPreprocessing([8, 8], 3), labels: ['day', 'night'] };
    await model.save(at('model.safetensors'));
    model.dispose();
    const convert = (...more: string[]) =>
      runCli(['convert', at('model.safetensors'), at('hf'), '--layout', 'hf', ...more]);
    assert.deepEqual(await convert().then(({ code, stderr }) => ({ code, stderr })), { code: 0, stderr: '' });
    const again = await convert();
    assert.equal(again.code, 1);
    assert.match(again.stderr, /Expected a path where nothing is .* --force/);
    assert.equal((await convert('--force')).code, 0);
    const { stdout } = await runCli(['info', at('hf'), '--json']);
    const { config, pretrainedConfig } = JSON.parse(stdout);
    assert.deepEqual([config.embedDim, config.numHeads], [8, 2]);
    assert.deepEqual([pretrainedConfig.layout, pretrainedConfig.labels], ['hf', ['day', 'night']]);
    const told = await runCli(['info', at('hf')]);
    assert.match(told.stdout, /^classes +2: day, night$/m);
  });
});
