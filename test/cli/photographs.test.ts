import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { ViT } from '../../lib/index.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { runCli } from './run-cli.js';

/** Bright and dark pictures of 16 x 12 in folders of their own. */
async function makePhotographs(folder: string, perClass: number): Promise<void> {
  for (const [name, level] of [
    ['night', 30],
    ['day', 220],
  ] as const) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let i = 0; i < perClass; i++) {
      const background = { r: level + i, g: level, b: level - i };
      const picture = sharp({ create: { width: 16, height: 12, channels: 3, background } });
      await picture.png().toFile(join(folder, name, `${i}.png`));
    }
  }
}

const small = ['--dim', '8', '--depth', '1', '--heads', '2', '--batch-size', '4', '--no-report'];

describe('vitrine on a folder of photographs', function () {
  this.timeout(60_000);
  const temporary = temporaryDirectory();
  let tests = 0;
  beforeEach(() => mkdirSync(temporary(String(++tests))));
  /** A path in a folder of the test's own. */
  const at = (path: string): string => join(temporary(String(tests)), path);
  const train = (...args: string[]) => runCli(['train', '--data', at('photos'), '--out', at('run'), ...small, ...args]);

  it('trains by the size of the images, sets some apart, and knows the classes by name', async () => {
    await makePhotographs(at('photos'), 10);
    const { code, stderr } = await train('--epochs', '8', '--opt', 'lion', '--model-ema', '0.5', '--lr', '0.005');
    assert.equal(code, 0, stderr);
    assert.match(stderr, /16 images, 4 to test with/);
    const { model, classNames, training } = JSON.parse(readFileSync(at('run/config.json'), 'utf8'));
    assert.deepEqual([model.imgSize, model.patchSize, model.inChans], [[12, 12], 4, 3]);
    assert.deepEqual([classNames, training.optimizer], [['day', 'night'], 'lion']);
    assert.deepEqual(training.augment, { scale: [0.5, 1], reprob: 0.1 });
    assert.ok(!existsSync(at('run.checkpoints')), 'a training that came to its end needs none');

    const own = await runCli(['eval', '--run', at('run'), '--json']);
    const summary = JSON.parse(readFileSync(at('run/summary.json'), 'utf8'));
    const told = JSON.parse(own.stdout);
    assert.deepEqual([told.accuracy, told.count, told.classes], [summary.testAccuracy, 4, ['day', 'night']]);

    // Other images of one class alone: its number is the model's, not that of the folder.
    mkdirSync(at('more/night'), { recursive: true });
    for (const i of [0, 1, 2]) copyFileSync(at(`photos/night/${i}.png`), at(`more/night/${i}.png`));
    const more = JSON.parse((await runCli(['eval', '--run', at('run'), '--data', at('more'), '--json'])).stdout);
    assert.deepEqual([more.count, more.metrics.confusionMatrix[0]], [3, [0, 0]]);
    assert.equal(more.accuracy, 1);
    const predicted = await runCli(['predict', '--run', at('run'), '--format', 'jsonl', at('photos/night/0.png')]);
    assert.equal(JSON.parse(predicted.stdout).classes[0].name, 'night');
  });

  it('goes on where it was stopped, to the bits of a training that never was', async () => {
    await makePhotographs(at('photos'), 10);
    const recipe = ['--epochs', '6', '--dropout', '0.1', '--model-ema', '0.9', '--grad-accum-steps', '2'];
    recipe.push('--mixup', '0.8', '--cutmix', '1', '--mixup-mode', 'elem');
    const whole = await train(...recipe, '--quiet');
    assert.equal(whole.code, 0, whole.stderr);
    const expected = readFileSync(at('run/model.safetensors'));
    let stopped = false;
    const args = ['train', '--data', at('photos'), '--out', at('other'), ...small, ...recipe];
    const first = await runCli(args, {
      onOutput: (child, _, text) => {
        if (stopped || !text.includes('epoch 2/6')) return;
        stopped = true;
        child.kill('SIGINT');
      },
    });
    assert.equal(first.code, 130, first.stderr);
    assert.match(first.stderr, /run the same command with --resume/);
    const again = await runCli([...args, '--quiet']);
    assert.equal(again.code, 1, 'a training that was stopped is not begun anew unless forced');
    assert.match(again.stderr, /--resume/);
    const resumed = await runCli([...args, '--quiet', '--resume']);
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.ok(readFileSync(at('other/model.safetensors')).equals(expected));
    const { training } = JSON.parse(readFileSync(at('other/config.json'), 'utf8'));
    assert.deepEqual([training.augment.mixup, training.augment.cutmix, training.augment.mixupMode], [0.8, 1, 'elem']);
    const done = await runCli([...args, '--quiet', '--resume']);
    assert.deepEqual([done.code, done.stdout], [0, '']);
    assert.match(done.stderr, /other is done: nothing to go on with\. To train it anew, take --force\.\n$/);
  });

  it('begins with a run of its own, with a new head for other classes, and freezes what is named', async () => {
    await makePhotographs(at('photos'), 6);
    assert.equal((await train('--epochs', '1', '--quiet')).code, 0);
    mkdirSync(at('three'), { recursive: true });
    for (const name of ['a', 'b', 'c']) {
      mkdirSync(at(`three/${name}`));
      for (const i of [0, 1, 2]) copyFileSync(at(`photos/day/${i}.png`), at(`three/${name}/${i}.png`));
    }
    const args = ['--data', at('three'), '--pretrained', at('run'), '--freeze', 'blocks.*', '--epochs', '1'];
    const { code, stderr } = await runCli(['train', ...args, '--out', at('tuned'), '--no-report', '--quiet']);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    const { model, classNames, training } = JSON.parse(readFileSync(at('tuned/config.json'), 'utf8'));
    assert.deepEqual([model.embedDim, model.numClasses, classNames], [8, 3, ['a', 'b', 'c']]);
    assert.deepEqual([training.optimizer, training.layerDecay], ['adamw', 0.75]);

    const adapted = ['--data', at('three'), '--pretrained', at('run'), '--lora', '2', '--class-weights', 'a=2'];
    const lora = await runCli(['train', ...adapted, '--epochs', '1', '--out', at('lora'), '--no-report']);
    assert.equal(lora.code, 0, lora.stderr);
    assert.match(lora.stderr, /A ViT of [\d,]+ parameters, of which [\d,]+ are trained; /);
    using merged = await ViT.fromPretrained(at('lora'));
    assert.deepEqual(merged.pretrainedConfig?.labels, ['a', 'b', 'c']);
  });

  const bad: readonly (readonly [
    what: string,
    make: (root: string) => Promise<void>,
    sentence: RegExp,
    code: number,
  ])[] = [
    ['a folder that is missing', async () => undefined, /Expected .* ENOENT/, 1],
    [
      'one class',
      async (root) => {
        mkdirSync(`${root}/only`, { recursive: true });
        await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
          .png()
          .toFile(`${root}/only/1.png`);
      },
      /Expected at least two classes .* received only "only"/,
      1,
    ],
    [
      'files of 0 bytes',
      async (root) => {
        for (const name of ['a', 'b']) {
          mkdirSync(`${root}/${name}`, { recursive: true });
          for (const i of [1, 2, 3]) writeFileSync(`${root}/${name}/${i}.jpg`, '');
        }
      },
      /Expected images that can be read/,
      1,
    ],
    [
      'one damaged image in a dozen',
      async (root) => {
        await makePhotographs(root, 6);
        writeFileSync(`${root}/day/0.png`, 'no image');
      },
      /Expected at most 1 % of 10 images corrupt .*0\.png.* Mend or remove them\.$/m,
      1,
    ],
  ];
  for (const [what, make, sentence, code] of bad) {
    it(`says in one sentence what is wrong with ${what}`, async () => {
      await make(at('photos'));
      const result = await train('--epochs', '1', '--quiet');
      assert.equal(result.code, code);
      assert.match(result.stderr, sentence);
      const told = result.stderr
        .trim()
        .split('\n')
        .filter((line) => !line.startsWith('vitrine: Left out: '));
      assert.equal(told.length, 1, result.stderr);
    });
  }
});

describe('the settings of a training in a file', function () {
  this.timeout(60_000);
  const at = temporaryDirectory();

  for (const [name, text] of [
    [
      'recipe.json',
      '{ "batch-size": 16, "epochs": 3, "lr": 0.01, "capture": false, "quiet": true, "classWeights": { "3": 2, "7": 0.5 } }',
    ],
    [
      'recipe.yaml',
      'batchSize: 16\nepochs: 3\nlr: 0.01\nno-capture: true\nquiet: true\nclass-weights:\n  3: 2\n  7: 0.5\n',
    ],
  ] as const) {
    it(`are flags, and the command line goes first: ${name}`, async () => {
      writeFileSync(at(name), text);
      const args = ['train', '--preset', 'digits', '--config', at(name), '--epochs', '1', '--out', at('run')];
      const { code, stderr } = await runCli([...args, '--dim', '8', '--depth', '1', '--heads', '2', '--no-report']);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      const { training } = JSON.parse(readFileSync(at('run/config.json'), 'utf8'));
      const { batch, epochs, lr, capture, classWeights } = training;
      assert.deepEqual([batch, epochs, lr, capture], [16, 1, 0.01, false]);
      assert.deepEqual(classWeights, { 3: 2, 7: 0.5 });
      // The last epoch's loss and the final one are of the same definition.
      const lines = readFileSync(at('run/metrics.jsonl'), 'utf8').trim().split('\n');
      const last = lines.map((line) => JSON.parse(line)).findLast(({ event }) => event === 'epoch');
      assert.equal(JSON.parse(readFileSync(at('run/summary.json'), 'utf8')).testLoss, last.testLoss);
    });
  }

  it('are refused by name, with exit code 2, where a flag does not exist or cannot have the value', async () => {
    for (const [text, sentence] of [
      [
        '{ "batchsize": 16 }',
        /Expected the name of a flag for .* but received 'batchsize'\. Did you mean batch-size\?/,
      ],
      ['{ "lr": "nan" }', /--lr but received/],
      [
        '{ "class-weights": { "3": "much" } }',
        /Expected a finite number .*for "3" in --class-weights but received 'much'/,
      ],
      ['{ "epochs": { "3": 1 } }', /Expected a value for epochs in .* but received an object/],
      ['{ "quiet": "yes" }', /Expected true or false for quiet/],
    ] as const) {
      writeFileSync(at('recipe.json'), text);
      const { code, stderr } = await runCli(['train', '--preset', 'digits', '--config', at('recipe.json')]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, sentence);
    }
  });
});
