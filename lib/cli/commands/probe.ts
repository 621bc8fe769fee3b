import { join } from 'node:path';
import type { Command } from 'commander';
import { nonEmpty, number, oneOf, wholeNumber } from '../flags.js';

const POOLS = ['head', 'cls', 'mean', 'max'] as const;

interface ProbeFlags {
  model: string;
  data: string;
  out: string;
  pool: (typeof POOLS)[number];
  epochs: number;
  lr: number;
  weightDecay: number;
  batchSize: number;
  seed: number;
  threads?: number;
  force?: true;
  json?: true;
}

const EXAMPLES = `
Examples:
  vitrine probe --model dinov2-small/ --data photos/
  vitrine predict --run runs/probe holiday.jpg`;

/** `vitrine probe`: a linear classifier of a model's features, which are computed once. */
export function addProbe(program: Command): void {
  program
    .command('probe')
    .description('train a linear classifier on features, computed once; write the model with it, and a report')
    .requiredOption('--model <path>', 'any checkpoint, or a run', nonEmpty('--model', 'a path'))
    .requiredOption('--data <path>', 'images in class folders', nonEmpty('--data', 'a path'))
    .option('--out <path>', 'a folder', nonEmpty('--out', 'a path'), join('runs', 'probe'))
    .option('--pool <name>', 'head (what the classifier reads), cls, mean, max', oneOf('--pool', POOLS), 'head')
    .option('--epochs <n>', 'passes over the features', wholeNumber('--epochs', 1), 50)
    .option('--lr <rate>', 'of AdamW', number('--lr', 0), 3e-3)
    .option('--weight-decay <w>', 'of AdamW', number('--weight-decay', 0), 0.01)
    .option('-b, --batch-size <n>', 'images at a time', wholeNumber('--batch-size', 1), 32)
    .option('--seed <n>', 'of the order', wholeNumber('--seed', 0), 0)
    .option('--threads <n>', 'default: as many as the process may use', wholeNumber('--threads', 1, 1024))
    .option('--force', 'replace what is there')
    .option('--json', 'as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async ({ threads, force, json, ...flags }: ProbeFlags) => {
      const [{ probeModel }, { allOrNothing }] = await Promise.all([
        import('../probe-model.js'),
        import('../interrupt.js'),
      ]);
      const settings = { ...flags, force: force === true, json: json === true };
      await allOrNothing(threads, (interruption) => probeModel(settings, interruption));
    });
}
