import type { Command } from 'commander';
import { nonEmpty, number, oneOf, wholeNumber } from '../flags.js';
import { resolveSettings, type TrainFlags } from '../train-settings.js';

/** `vitrine train`: trains a ViT on a folder of images and leaves model, settings, summary and report. */
export function addTrain(program: Command): void {
  program
    .command('train')
    .description('train a Vision Transformer and write model, settings, summary and report')
    .option('--preset <name>', 'digits: the bundled 8 x 8 digits', oneOf('--preset', ['digits']))
    .option('--data <folder>', "IDX files with MNIST's names, plain or .gz", nonEmpty('--data', 'a folder'))
    .option('--out <folder>', 'where to write (default: runs/<name of the data>)', nonEmpty('--out', 'a folder'))
    .option('--epochs <n>', 'passes over the data (default: 60)', wholeNumber('--epochs', 1))
    .option('--batch <n>', 'images a step (default: 64)', wholeNumber('--batch', 1))
    .option('--optimizer <name>', 'sgd or adamw (default: sgd)', oneOf('--optimizer', ['sgd', 'adamw']))
    .option('--lr <x>', 'highest learning rate (default: 0.1; adamw 0.001)', number('--lr', 0))
    .option('--momentum <x>', 'of sgd (default: 0.9)', number('--momentum', 0, 1))
    .option('--weight-decay <x>', '(default: 0; adamw 0.05)', number('--weight-decay', 0))
    .option('--warmup <share>', 'of all steps in which the rate rises (default: 0.05)', number('--warmup', 0, 1))
    .option('--clip <norm>', 'largest norm of the gradient, 0 for any (default: 1)', number('--clip', 0))
    .option('--label-smoothing <x>', '(default: 0)', number('--label-smoothing', 0, 1))
    .option('--seed <n>', 'of weights, order and dropout (default: 0)', wholeNumber('--seed', 0))
    .option('--model <name>', 'sizes by name, such as vit_tiny_patch16_224', nonEmpty('--model', 'a name'))
    .option('--patch <n>', 'patch size in pixels (default: 4)', wholeNumber('--patch', 1))
    .option('--dim <n>', 'width of the tokens (default: 64)', wholeNumber('--dim', 1))
    .option('--depth <n>', 'number of blocks (default: 4)', wholeNumber('--depth', 1))
    .option('--heads <n>', 'attention heads (default: 4)', wholeNumber('--heads', 1))
    .option('--mlp-ratio <x>', "the MLP's width over that of the tokens (default: 4)", number('--mlp-ratio', 0))
    .option(
      '--dropout <p>',
      'after every projection but qkv, and on the embeddings (default: 0)',
      number('--dropout', 0, 1),
    )
    .option('--drop-path <p>', 'stochastic depth at the last block (default: 0)', number('--drop-path', 0, 1))
    .option('--threads <n>', 'default: as many as the process may use', wholeNumber('--threads', 1, 1024))
    .option(
      '--precision <name>',
      'of the factors of matrix products: fp32 or bf16 (default: fp32)',
      oneOf('--precision', ['fp32', 'bf16']),
    )
    .option('--checkpoint', 'compute activations again in backward instead of keeping them')
    .option('--trace <file>', "write one step's commands for Perfetto", nonEmpty('--trace', 'a file'))
    .option('--no-capture', 'run every step op by op')
    .option('--no-report', 'write no report.html')
    .option('--quiet', 'show no progress, only the result')
    .option('--force', 'replace what is in the folder, though it is another run')
    .action(async (flags: TrainFlags) => {
      const settings = resolveSettings(flags);
      const [{ runTraining }, { inFlags }] = await Promise.all([
        import('../run-training.js'),
        import('../in-flags.js'),
      ]);
      try {
        await runTraining(settings);
      } catch (error) {
        throw inFlags(error);
      }
    });
}
