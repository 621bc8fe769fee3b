import type { Command } from 'commander';
import { expected, Text } from '../../check.js';
import type { FeatureSet } from '../../features/feature-set.js';
import { LAYERS_HELP, layersFlag, npyPath, POOL_HELP, POOLS } from '../feature-flags.js';
import { nonEmpty, number, oneOf, wholeNumber } from '../flags.js';
import { UsageError } from '../usage-error.js';

interface KnnFlags {
  features?: string;
  test?: string;
  model?: string;
  data?: string;
  pool: (typeof POOLS)[number];
  layers?: number | readonly number[];
  k: number;
  temperature: number;
  batchSize: number;
  threads?: number;
  json?: true;
}

const EXAMPLES = `
Examples:
  vitrine knn --model dinov2-small/ --data photos/
  vitrine knn --features train.npy --test val.npy
  vitrine knn --features photos.npy`;

/** How many classes there are, by their names or else by the labels. */
const classesIn = ({ classes, labels = new Int32Array(0) }: FeatureSet): number =>
  classes?.length ?? new Set(labels).size;

/** Throws for flags that say how features are made, beside features that are. */
function checkNotMade(command: Command): void {
  for (const [name, flag] of [
    ['pool', '--pool'],
    ['layers', '--layers'],
    ['batchSize', '--batch-size'],
  ] as const) {
    if (command.getOptionValueSource(name) !== 'cli') continue;
    const advice = 'It says how features are made, and these are.';
    throw new UsageError(expected('--model and --data', flag, new Text('--features'), advice));
  }
}

/** `vitrine knn`: how well neighbours tell classes, by a model's features. */
export function addKnn(program: Command): void {
  program
    .command('knn')
    .description('tell how good features are: the share of images whose nearest neighbours tell their class')
    .option('--features <path>', 'what `vitrine embed` has written', npyPath('--features'))
    .option('--test <path>', 'the same, of other images (default: each by all others)', npyPath('--test'))
    .option('--model <path>', 'any checkpoint, or a run, with --data', nonEmpty('--model', 'a path'))
    .option('--data <path>', 'images in class folders', nonEmpty('--data', 'a path'))
    .option('--pool <name>', POOL_HELP, oneOf('--pool', POOLS), 'head')
    .option('--layers <list>', LAYERS_HELP, layersFlag)
    .option('-k, --k <n>', 'neighbours that vote', wholeNumber('--k', 1), 20)
    .option('--temperature <t>', 'a vote is exp(cosine / t)', number('--temperature', 1e-6), 0.07)
    .option('-b, --batch-size <n>', 'images at a time', wholeNumber('--batch-size', 1), 32)
    .option('--threads <n>', 'default: as many as the process may use', wholeNumber('--threads', 1, 1024))
    .option('--json', 'as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: KnnFlags, command: Command) => {
      const { features, test, model, data, k, temperature, threads } = flags;
      const files = features !== undefined && model === undefined && data === undefined;
      const folder = features === undefined && test === undefined && model !== undefined && data !== undefined;
      if (!files && !folder) {
        const none = [features, test, model, data].every((path) => path === undefined);
        const received = new Text(none ? 'neither' : 'other flags');
        throw new UsageError(expected('--features, or --model and --data', 'vitrine knn', received));
      }
      if (files) checkNotMade(command);
      const [
        { featuresOfFiles, featuresOfFolder },
        { knn },
        { setThreads },
        { openModel },
        { formatCount, formatPercent },
      ] = await Promise.all([
        import('../labelled-features.js'),
        import('../../features/knn.js'),
        import('../../info.js'),
        import('../open-model.js'),
        import('../../report/format.js'),
      ]);
      if (threads !== undefined) setThreads(threads);
      const parts =
        features !== undefined
          ? await featuresOfFiles(features, test)
          : await featuresOfFolder(await openModel(model ?? ''), data ?? '', flags);
      const { accuracy, top5, predictions } = await knn(parts.train, parts.test, { k, temperature });
      const { count } = parts.train;
      const tellsFive = classesIn(parts.train) > 5; // five of five are no finding
      if (flags.json) {
        const result = { accuracy, top5: tellsFive ? top5 : null, k, temperature, train: count };
        return console.log(JSON.stringify({ ...result, test: parts.test?.count ?? null }, null, 2));
      }
      const judged = parts.test === undefined ? 'each by all others' : `by ${formatCount(count)}`;
      const voters = Math.min(k, parts.test === undefined ? count - 1 : count);
      console.log(`${formatCount(predictions.length)} images, ${judged}, ${voters} neighbours`);
      const more = tellsFive ? `\n  top 5     ${formatPercent(top5)}` : '';
      console.log(`  accuracy  ${formatPercent(accuracy)}${more}`);
    });
}
