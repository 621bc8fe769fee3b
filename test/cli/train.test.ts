import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { encode } from 'fast-png';
import { loadIdxDataset } from '../../lib/data/dataset.js';
import { packageRoot } from '../../lib/native.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { runCli } from './run-cli.js';

const small = ['train', '--preset', 'digits', '--dim', '16', '--depth', '2', '--heads', '2'];

const FILES = ['model.safetensors', 'config.json', 'summary.json', 'report.html', 'metrics.jsonl', 'classes.json'];

describe('vitrine train, eval and predict', function () {
  this.timeout(60_000);
  const at = temporaryDirectory();
  const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

  before(async () => {
    const { code, stdout, stderr } = await runCli([...small, '--epochs', '3', '--out', at('run')]);
    assert.equal(code, 0, stderr);
    const [head, epoch, ...others] = stderr.trim().split('\n');
    assert.match(head ?? '', /^A ViT of [\d,]+ parameters; 1,442 images, 355 to test with; \d+ threads?, \w+$/);
    assert.match(epoch ?? '', /^epoch 1\/3: loss \d/);
    assert.equal(others.length, 2);
    const [result, ...paths] = stdout.trim().split('\n');
    assert.match(result ?? '', /^Test accuracy [\d.]+% after 3 epochs in [\d.]+ s \([\d,]+ images\/s\)$/);
    assert.deepEqual(
      paths,
      FILES.map((name) => `  ${at(`run/${name}`)}`),
    );
    assert.deepEqual(readdirSync(at('run')).sort(), [...FILES].sort());
  });

  it('leaves a summary that says how it went', () => {
    const summary = json(at('run/summary.json'));
    for (const key of ['testAccuracy', 'trainSeconds', 'imagesPerSecond', 'parameters', 'threads']) {
      assert.equal(typeof summary[key], 'number', key);
    }
    assert.equal(summary.epochs, 3);
    assert.equal(summary.stopped, false);
    assert.equal(typeof summary.isa, 'string');
    assert.equal(typeof summary.blas.name, 'string');
  });

  it('leaves what happened as lines of JSON, and the names of the classes', () => {
    const events = readFileSync(at('run/metrics.jsonl'), 'utf8').trim().split('\n');
    const epochs = events.map((line) => JSON.parse(line)).filter(({ event }) => event === 'epoch');
    assert.deepEqual(
      epochs.map(({ epoch }) => epoch),
      [0, 1, 2],
    );
    assert.equal(epochs[2].testAccuracy, json(at('run/summary.json')).testAccuracy);
    assert.deepEqual(json(at('run/classes.json')), [...'0123456789']);
  });

  it('tells all of it as lines of JSON on stdout, where asked to, and progress on stderr', async () => {
    const args = [...small, '--epochs', '2', '--no-report', '--tensorboard', '--json', '--out', at('lines')];
    const { code, stdout, stderr } = await runCli(args);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^epoch 2\/2: loss/m);
    const events = stdout.trim().split('\n');
    const told = events.map((line) => JSON.parse(line));
    const { event, testAccuracy, files } = told.at(-1);
    assert.deepEqual([event, testAccuracy], ['result', json(at('lines/summary.json')).testAccuracy]);
    assert.deepEqual([...files].sort(), readdirSync(at('lines')).sort());
    assert.equal(`${events.slice(0, -1).join('\n')}\n`, readFileSync(at('lines/metrics.jsonl'), 'utf8'));
  });

  it('leaves a report with curves, errors, attention and positions', () => {
    const page = readFileSync(at('run/report.html'), 'utf8');
    for (const part of [
      'Worst mistakes',
      'Each class',
      'A training batch',
      'What the class token',
      'Position embeddings',
    ]) {
      assert.ok(page.includes(part), part);
    }
    assert.equal(page.match(/class="card"/g)?.length, 10);
  });

  it('evaluates to what training found', async () => {
    const { code, stdout } = await runCli(['eval', '--run', at('run'), '--json']);
    assert.equal(code, 0);
    const { testAccuracy, testLoss } = json(at('run/summary.json'));
    const { metrics, classes, ...told } = JSON.parse(stdout);
    assert.deepEqual([classes.length, metrics.confusionMatrix.length], [10, 10]);
    assert.deepEqual(told, {
      accuracy: testAccuracy,
      loss: testLoss,
      count: 355,
      right: Math.round(testAccuracy * 355),
    });
    assert.match(
      (await runCli(['eval', '--run', at('run')])).stdout,
      /^Accuracy [\d.]+% \(\d+ of 355\), loss [\d.]+\n/,
    );
  });

  it('predicts an image file, and its negative inverted', async () => {
    const { images } = await loadIdxDataset(`${packageRoot}/data/digits`, 'test');
    const data = Uint8Array.from(images.subarray(0, 64), (value) => Math.round((value + 1) * 127.5));
    writeFileSync(at('digit.png'), encode({ width: 8, height: 8, channels: 1, data }));
    writeFileSync(at('dark.png'), encode({ width: 8, height: 8, channels: 1, data: data.map((value) => 255 - value) }));

    const predict = async (...args: string[]) =>
      JSON.parse((await runCli(['predict', '--run', at('run'), '--json', ...args])).stdout);
    const [digit] = await predict(at('digit.png'));
    const [dark] = await predict('--invert', '--top', '10', at('dark.png'));
    assert.equal(digit.image, at('digit.png'));
    assert.equal(digit.classes.length, 5);
    assert.equal(dark.classes.length, 10);
    assert.deepEqual(digit.classes[0], dark.classes[0]);
    const sum = dark.classes.reduce(
      (total: number, { probability }: { probability: number }) => total + probability,
      0,
    );
    assert.ok(Math.abs(sum - 1) < 1e-5);
  });

  it('predicts the good images of several, names the bad one, and exits 1', async () => {
    writeFileSync(at('no-image.png'), 'text');
    const pixels = encode({ width: 8, height: 8, channels: 1, data: new Uint8Array(64).fill(90) });
    for (const name of ['one.png', 'two.png']) writeFileSync(at(name), pixels);
    const files = [at('one.png'), at('no-image.png'), at('two.png')];
    const { code, stdout, stderr } = await runCli(['predict', '--run', at('run'), ...files]);
    assert.deepEqual(
      stdout.split('\n').filter((line) => line.endsWith('.png')),
      [at('one.png'), at('two.png')],
    );
    assert.match(stderr, /^vitrine: Expected an image .*no-image\.png but received .*\n$/);
    assert.equal(code, 1);
    const told = await runCli(['predict', '--run', at('run'), '--json', ...files]);
    assert.equal(JSON.parse(told.stdout).length, 2);
    assert.equal(told.code, 1);
  });

  it('predicts what Pillow makes of colours: grey by ITU-R 601, opaque', async () => {
    const solid = (name: string, ...pixel: number[]): void => {
      const bytes = Uint8Array.from({ length: 64 * pixel.length }, (_, i) => pixel[i % pixel.length] ?? 0);
      writeFileSync(at(name), encode({ width: 8, height: 8, channels: pixel.length, data: bytes }));
    };
    solid('grey150.png', 150);
    solid('green.png', 0, 255, 0);
    solid('clear.png', 0, 255, 0, 0);
    const files = ['grey150.png', 'green.png', 'clear.png'].map((name) => at(name));
    const { stdout } = await runCli(['predict', '--run', at('run'), '--json', ...files]);
    const [grey, green, clear] = JSON.parse(stdout);
    assert.deepEqual(green.classes, grey.classes);
    assert.deepEqual(clear.classes, grey.classes);
  });

  it('tells where data that was moved may be named', async () => {
    cpSync(at('run'), at('moved'), { recursive: true });
    writeFileSync(at('moved/config.json'), JSON.stringify({ ...json(at('run/config.json')), data: at('gone') }));
    const { code, stderr } = await runCli(['eval', '--run', at('moved')]);
    assert.equal(code, 1);
    assert.match(stderr, /^vitrine: Expected the data that the run was trained on for .*gone .* with --data\.\n$/);
    const digits = `${packageRoot}/data/digits`;
    assert.equal((await runCli(['eval', '--run', at('moved'), '--data', digits])).code, 0);
  });

  it('ends in one sentence, and leaves no run, where the loss is no number any more', async () => {
    const args = [...small, '--lr', '1e30', '--clip-grad', '0', '--epochs', '1', '--quiet', '--out', at('burst')];
    const { code, stderr } = await runCli(args);
    assert.equal(code, 1);
    assert.match(stderr, /^vitrine: .*(finite|NaN).*\n$/);
    assert.match(stderr, /--lr/);
    assert.equal(stderr.trim().split('\n').length, 1);
    assert.deepEqual(
      readdirSync(at('.')).filter((name) => name.includes('burst')),
      [],
    );
  });

  it('replaces its own earlier run, and none with other settings unless forced', async () => {
    const again = [...small, '--epochs', '1', '--no-report', '--quiet', '--out', at('again')];
    for (const args of [again, [...again, '--threads', '1']]) assert.equal((await runCli(args)).code, 0);
    const { code, stderr } = await runCli([...again, '--seed', '1']);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^vitrine: Expected an empty folder, or an earlier run with the same settings, .*: seed 0\. .*--force\.\n$/,
    );
    assert.equal(json(at('again/summary.json')).seed, 0);
    assert.equal((await runCli([...again, '--seed', '1', '--force'])).code, 0);
    assert.equal(json(at('again/summary.json')).seed, 1);
    assert.equal(json(at('again/config.json')).version, 1);
  });

  it('writes a trace into its own folder, and finds out before training where it cannot', async () => {
    const args = [...small, '--epochs', '1', '--no-report', '--quiet', '--out', at('traced')];
    assert.equal((await runCli([...args, '--trace', at('traced/trace.json')])).code, 0);
    assert.ok(existsSync(at('traced/trace.json')));
    const { code, stdout, stderr } = await runCli([...args, '--trace', at('nowhere/trace.json')]);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /^vitrine: Expected a folder to write to for --trace /);
  });

  it('repeats itself bit for bit, with and without capture, with AdamW and dropout too', async () => {
    const settings = ['--epochs', '1', '--opt', 'adamw', '--dropout', '0.1', '--no-report', '--quiet'];
    const first = await runCli([...small, ...settings, '--out', at('first')]);
    await runCli([...small, ...settings, '--no-capture', '--threads', '1', '--out', at('second')]);
    assert.match(first.stdout, /^Test accuracy/);
    assert.ok(!existsSync(at('first/report.html')));
    const weights = (run: string) => readFileSync(at(`${run}/model.safetensors`));
    assert.ok(weights('first').equals(weights('second')));
  });

  it('saves and ends with 130 on the first Ctrl-C', async () => {
    const { code, stdout, stderr } = await runCli([...small, '--epochs', '100000', '--out', at('stopped')], {
      onOutput: (child, _, text) => {
        if (text.includes('epoch 1/') && !child.killed) child.kill('SIGINT');
      },
    });
    assert.equal(code, 130);
    assert.match(stderr, /^vitrine: stopping after this step/m);
    assert.match(stdout, /Test accuracy .*\n.*model\.safetensors/);
    assert.equal(json(at('stopped/summary.json')).stopped, true);
    assert.equal((await runCli(['eval', '--run', at('stopped')])).code, 0);
  });

  it('ends at once on the second Ctrl-C, and what is left hinders no other run', async () => {
    const own = [...small, '--no-report', '--resume', '--out', at('twice')];
    const { code, signal } = await runCli([...own, '--epochs', '100000'], {
      onOutput: (child, _, text) => {
        if (text.includes('once more quits')) child.kill('SIGINT');
        else if (text.includes('epoch 1/') && !child.killed) child.kill('SIGINT');
      },
    });
    // By the signal, which a shell tells as 130; a process that was quicker has said 130 itself.
    assert.ok(signal === 'SIGINT' || code === 130, `${code} ${signal}`);
    const again = await runCli([...small, '--no-report', '--epochs', '1', '--out', at('twice'), '--force']);
    assert.equal(again.code, 0, again.stderr);
    const left = readdirSync(at('.')).filter((name) => /twice/.test(name) && /\.(tmp|old|lock)$/.test(name));
    assert.deepEqual(left, []);
  });

  it('tells in one line what does not go together', async () => {
    const wrong: readonly (readonly [args: string[], sentence: RegExp])[] = [
      [
        ['train', '--preset', 'digits', '--heads', '5', '--out', at('x')],
        /^vitrine: Expected heads that divide .* --heads /,
      ],
      [
        ['train', '--preset', 'digits', '--patch', '3', '--out', at('x')],
        /^vitrine: .* Choose another --img-size or --patch\.$/m,
      ],
      [
        ['train', '--preset', 'digits', '--model', 'vit_t', '--out', at('x')],
        /^vitrine: .* for --model but received 'vit_t'/,
      ],
      [
        ['train', '--preset', 'digits', '--mlp-ratio', '1e9', '--out', at('x')],
        /^vitrine: .* Use a smaller --batch-size or/,
      ],
      [['train', '--data', at('nothing'), '--out', at('x')], /^vitrine: Expected .*nothing.* ENOENT/],
      [['eval', '--run', at('nothing')], /^vitrine: Expected a trained model for /],
      [['eval', '--run', at('run'), '--data', at('nothing')], /^vitrine: Expected .*nothing.* ENOENT/],
    ];
    for (const [args, sentence] of wrong) {
      const { code, stderr } = await runCli(args);
      assert.equal(code, / for --[a-z-]+ but /.test(stderr) ? 2 : 1, stderr);
      assert.match(stderr, sentence);
      assert.doesNotMatch(stderr, /\w\(\)|ViT\b/, 'advice in flags');
      assert.equal(stderr.trim().split('\n').length, 1);
    }
    assert.ok(!existsSync(at('x')));
  });
});
