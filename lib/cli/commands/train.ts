import { type Command, Option } from 'commander';
import { TRAINING_PRECISIONS } from '../../precision-names.js';
import { classWeightsFlag } from '../class-weights-flag.js';
import { readFlags } from '../config-file.js';
import { nonEmpty, number, oneOf, wholeNumber, wholeNumbers } from '../flags.js';
import { OPTIMIZERS } from '../optimizer-flags.js';
import { SCHEDULES } from '../schedule-flags.js';
import { checkFlags, type TrainFlags } from '../train-settings.js';

const MODES = ['batch', 'pair', 'elem'] as const;
const CACHES = ['auto', 'memory', 'disk', 'none'] as const;

const EXAMPLES = `
Without more than --data, sizes and recipe go by the
size of the images.

Examples:
  vitrine train --data photos/
  vitrine train --data photos/ --freeze 'blocks.*' \\
    --pretrained vit-base-patch16-224/ --epochs 5
  vitrine train --data photos/ --lora 8 \\
    --pretrained vit-base-patch16-224/
  vitrine train --config recipe.yaml --seed 1`;

/** `vitrine train`: trains a ViT on a folder of images and leaves model, settings, summary and report. */
export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .description('train a Vision Transformer and write model, settings, summary and report');
  addTrainingFlags(command);
  addScheduleFlags(command);
  addRunFlags(command);
  addFormerNames(command);
  command.addHelpText('after', EXAMPLES).action(async (_: TrainFlags, self: Command) => {
    const { config } = self.opts<TrainFlags>();
    if (config !== undefined) await readFlags(self, config);
    const flags = self.opts<TrainFlags>();
    checkFlags(flags);
    const [{ runTraining }, { inFlags }] = await Promise.all([import('../run-training.js'), import('../in-flags.js')]);
    try {
      await runTraining(flags);
    } catch (error) {
      throw inFlags(error);
    }
  });
}

function addDataFlags(command: Command): void {
  const share = number('--val-split', 0.001, 0.999);
  command
    .optionsGroup('Data:')
    .option('--preset <name>', 'digits: the bundled 8 x 8 digits', oneOf('--preset', ['digits']))
    .option(
      '--data <path>',
      "images in class folders, .parquet or .tar files, a .csv of path,label, or IDX files with MNIST's names",
      nonEmpty('--data', 'a path'),
    )
    .option('--val-split <share>', 'of each class to test with, where no folder is for it (default: 0.2)', share)
    .option(
      '--img-size <n>',
      'pixels that images are brought to (default: by their size)',
      wholeNumber('--img-size', 8, 4096),
    );
}

function addScheduleFlags(command: Command): void {
  command
    .optionsGroup('Course:')
    .option('--epochs <n>', 'passes over the data', wholeNumber('--epochs', 1))
    .option('--lr <x>', 'highest learning rate (default: by the optimizer)', number('--lr', 0))
    .option('--sched <name>', `of the rate: ${SCHEDULES.join(', ')} (default: cosine)`, oneOf('--sched', SCHEDULES))
    .option('--warmup-epochs <n>', 'in which the rate rises (default: a share)', number('--warmup-epochs', 0))
    .option('--min-lr <x>', 'of cosine, linear, poly, plateau: the least (default: 0)', number('--min-lr', 0))
    .option('--lr-cycle-limit <n>', 'of cosine: times that it falls (default: 1)', wholeNumber('--lr-cycle-limit', 1))
    .option('--sched-power <x>', 'of poly (default: 1)', number('--sched-power', 0))
    .option('--decay-epochs <n>', 'of step: from cut to cut (default: a third)', wholeNumber('--decay-epochs', 1))
    .option(
      '--decay-milestones <epochs>',
      'of multistep: when it is cut, such as 30,60',
      wholeNumbers('--decay-milestones', 1),
    )
    .option(
      '--decay-rate <x>',
      'of step, multistep, plateau: what a cut multiplies by (default: 0.1)',
      number('--decay-rate', 0, 1),
    )
    .option(
      '--patience-epochs <n>',
      'of plateau: without a better test loss, before a cut (default: 10)',
      wholeNumber('--patience-epochs', 0),
    )
    .option('--model-ema [decay]', 'test and keep an average of the weights (0.999)', number('--model-ema', 0, 1));
}

function addRecipeFlags(command: Command): void {
  command
    .optionsGroup('Recipe:')
    .option('-b, --batch-size <n>', 'images a step', wholeNumber('--batch-size', 1))
    .option('--opt <name>', `optimizer: ${OPTIMIZERS.join(', ')}`, oneOf('--opt', OPTIMIZERS))
    .option('--momentum <x>', 'of sgd (default: 0.9)', number('--momentum', 0, 1))
    .option('--weight-decay <x>', '(default: by the optimizer)', number('--weight-decay', 0))
    .option('--layer-decay <x>', 'factor of the rate from a layer to the one below', number('--layer-decay', 0, 1))
    .option('--clip-grad <norm>', 'largest norm of the gradient, 0 for any (default: 1)', number('--clip-grad', 0))
    .option('--grad-accum-steps <n>', 'batches that make a step (default: 1)', wholeNumber('--grad-accum-steps', 1))
    .option('--smoothing <x>', 'of labels (default: 0.1 for photographs)', number('--smoothing', 0, 1))
    .option(
      '--class-weights <weights>',
      "in the loss: balanced, 'cat=2,dog=0.5' or a JSON file of such",
      classWeightsFlag,
    )
    .option('--seed <n>', 'of weights, order and dropout (default: 0)', wholeNumber('--seed', 0));
}

function addAugmentFlags(command: Command): void {
  command
    .optionsGroup('Augmentation of photographs:')
    .option('--aa <policy>', "RandAugment, such as 'rand-m9-mstd0.5-inc1', or 'trivial'", nonEmpty('--aa', 'a policy'))
    .option('--scale <share>', "least share of a photograph's area that is cut out", number('--scale', 0.001, 1))
    .option('--hflip <p>', 'how often left and right are swapped (default: 0.5)', number('--hflip', 0, 1))
    .option('--vflip <p>', 'how often top and bottom are (default: 0)', number('--vflip', 0, 1))
    .option('--color-jitter <x>', 'how far colours go (default: 0.4; 0 with --aa)', number('--color-jitter', 0, 1))
    .option('--reprob <p>', 'how often a rectangle is erased', number('--reprob', 0, 1))
    .option('--mixup <alpha>', 'mix images and labels by this beta distribution', number('--mixup', 0))
    .option('--cutmix <alpha>', 'paste boxes of one image into another (default: 0)', number('--cutmix', 0))
    .option('--mixup-prob <p>', 'how often anything is mixed (default: 1)', number('--mixup-prob', 0, 1))
    .option(
      '--mixup-switch-prob <p>',
      'how often by CutMix, with both (default: 0.5)',
      number('--mixup-switch-prob', 0, 1),
    )
    .option('--mixup-mode <mode>', 'a draw for each batch, pair or elem (default: batch)', oneOf('--mixup-mode', MODES))
    .option('--no-aug', 'change nothing of the photographs')
    .option(
      '--cache <where>',
      'decoded photographs: auto, memory, disk, none (default: auto)',
      oneOf('--cache', CACHES),
    );
}

function addModelFlags(command: Command): void {
  command
    .optionsGroup('Model:')
    .option('--model <name>', 'sizes by name, such as vit_tiny_patch16_224', nonEmpty('--model', 'a name'))
    .option('--pretrained <path>', 'a checkpoint or run to begin with', nonEmpty('--pretrained', 'a path'))
    .option('--freeze <pattern>', "parameters that stay, such as 'blocks.*'", nonEmpty('--freeze', 'a pattern'))
    .option('--linear-probe', 'train the head alone')
    .option('--lora <rank>', 'train adapters of this rank, and the head', wholeNumber('--lora', 1))
    .option('--lora-alpha <x>', 'their factor is this over the rank (default: the rank)', number('--lora-alpha', 0))
    .option(
      '--lora-targets <names>',
      'layers that get one, such as qkv,proj,fc1, or all-linear (default: qkv)',
      nonEmpty('--lora-targets', 'names'),
    )
    .option('--patch <n>', 'patch size in pixels', wholeNumber('--patch', 1))
    .option('--dim <n>', 'width of the tokens', wholeNumber('--dim', 1))
    .option('--depth <n>', 'number of blocks', wholeNumber('--depth', 1))
    .option('--heads <n>', 'attention heads', wholeNumber('--heads', 1))
    .option('--mlp-ratio <x>', "the MLP's width over that of the tokens (default: 4)", number('--mlp-ratio', 0))
    .option('--dropout <p>', 'after projections and on the embeddings (default: 0)', number('--dropout', 0, 1))
    .option('--drop-path <p>', 'stochastic depth at the last block', number('--drop-path', 0, 1));
}

function addRunFlags(command: Command): void {
  command
    .optionsGroup('Run:')
    .option('--out <folder>', 'where to write (default: runs/<name of the data>)', nonEmpty('--out', 'a folder'))
    .option('--resume', 'go on where this run was stopped, by Ctrl-C or whatever else')
    .option('--no-checkpoints', 'write none; a training that is stopped begins anew')
    .option('--trace <file>', "write one step's commands for Perfetto", nonEmpty('--trace', 'a file'))
    .option('--no-report', 'write no report.html')
    .option('--tensorboard', 'write events for TensorBoard, into the folder tensorboard')
    .option('--force', 'replace what is in the folder, though it is another run');
}

function addMachineFlags(command: Command): void {
  command
    .optionsGroup('Process:')
    .option(
      '--config <file>',
      'JSON or YAML with any of these; the command line goes first',
      nonEmpty('--config', 'a file'),
    )
    .option('--threads <n>', 'default: as many as the process may use', wholeNumber('--threads', 1, 1024))
    .option(
      '--precision <name>',
      'of matrix products: fp32, bf16 or auto, the faster (default: fp32)',
      oneOf('--precision', TRAINING_PRECISIONS),
    )
    .option('--grad-checkpointing', 'compute activations again in backward instead of keeping them')
    .option('--optimizer-in-backward', 'update weights as gradients come, and keep none; with --clip-grad 0')
    .option('--no-capture', 'run every step op by op')
    .option('--quiet', 'show no progress, only the result')
    .option('--json', 'what happens, and the result, as lines of JSON on stdout');
}

/** The flags of data, recipe and model, which whatever trains takes. */
export function addTrainingFlags(command: Command): void {
  addDataFlags(command);
  addRecipeFlags(command);
  addAugmentFlags(command);
  addModelFlags(command);
  addMachineFlags(command);
}

// Names that flags had before they took timm's; taken still, and not shown.
const FORMER: readonly (readonly [former: string, name: string])[] = [
  ['--batch', '--batch-size'],
  ['--optimizer', '--opt'],
  ['--clip', '--clip-grad'],
  ['--label-smoothing', '--smoothing'],
];

function addFormerNames(command: Command): void {
  for (const [former, name] of FORMER) {
    const option = command.options.find(({ long }) => long === name);
    if (option?.parseArg === undefined) continue;
    const alias = new Option(`${former} <value>`).argParser(option.parseArg).hideHelp();
    command.addOption(alias).on(`option:${alias.name()}`, () => {
      const value: unknown = command.getOptionValue(alias.attributeName());
      command.setOptionValueWithSource(option.attributeName(), value, 'cli');
    });
  }
}
