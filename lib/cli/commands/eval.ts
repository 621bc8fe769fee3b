import type { Command } from 'commander';
import { expected, Text } from '../../check.js';
import { nonEmpty, wholeNumber } from '../flags.js';
import { type InferenceFlags, PRECISION_FLAG, PRECISION_HELP, precisionFlag } from '../precision-flag.js';
import { DEFAULT_RUN } from '../run-folder.js';
import { TTA_FLAG, TTA_HELP, ttaFlag } from '../tta-flag.js';
import { UsageError } from '../usage-error.js';

interface EvalFlags extends InferenceFlags {
  run: string;
  data?: string;
  batchSize?: number;
}

const EXAMPLES = `
Examples:
  vitrine eval --run runs/pets
  vitrine eval --run runs/pets --tta flip
  vitrine eval --run vit-base-patch16-224/ --json \\
    --data photos/val`;

/** `vitrine eval`: how well a trained model does on test images. */
export function addEval(program: Command): void {
  program
    .command('eval')
    .description('tell how well a trained model does on test images: accuracy, precision, recall, F1, confusion')
    .option(
      '--run <path>',
      'what `vitrine train` has written, or any checkpoint',
      nonEmpty('--run', 'a path'),
      DEFAULT_RUN,
    )
    .option(
      '--data <path>',
      'images in class folders, .parquet, .tar or IDX files (default: those of the training)',
      nonEmpty('--data', 'a path'),
    )
    .option('-b, --batch-size <n>', 'images at a time (default: as in training)', wholeNumber('--batch-size', 1))
    .option(TTA_FLAG, TTA_HELP, ttaFlag)
    .option(PRECISION_FLAG, `${PRECISION_HELP} (default: as in training)`, precisionFlag)
    .option('--threads <n>', 'default: as many as the process may use', wholeNumber('--threads', 1, 1024))
    .option('--json', 'as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async ({ run, data, batchSize, tta, precision: asked, threads, json }: EvalFlags) => {
      const [{ openRun }, { evaluationData }, { evaluate }, { setThreads }, { evaluationText, METRICS }] =
        await Promise.all([
          import('../open-model.js'),
          import('../evaluation-data.js'),
          import('../../train/evaluate.js'),
          import('../../info.js'),
          import('../evaluation-text.js'),
        ]);
      if (threads !== undefined) setThreads(threads);
      const { model, config } = await openRun(run);
      if (data === undefined && config === undefined) {
        throw expected('--data <path>', 'vitrine eval', new Text('none, for a checkpoint that is no run'));
      }
      const folder = data ?? config?.data ?? null;
      // In batches that fit the memory, and to the result of training.
      const { batch = 32, precision = 'fp32', isWeighted = false } = config?.training ?? {};
      const feed = { batchSize: batchSize ?? batch, views: tta };
      const own = data === undefined ? config?.training : undefined;
      const { test, classNames } = await evaluationData(model, folder, own, feed).catch((cause: Error) => {
        throw data === undefined && folder !== null && !(cause instanceof UsageError)
          ? movedData(folder, cause)
          : cause;
      });
      const result = await evaluate(model, test, {
        batchSize: feed.batchSize,
        precision: asked ?? precision,
        metrics: METRICS,
        ...(tta && { tta }),
      });
      if ('dispose' in test) await test.dispose();
      console.log(evaluationText(result, classNames, { json: json === true, isWeighted }));
    });
}

/** The error of a run whose data is not where it was when it was trained. */
function movedData(folder: string, cause: Error): Error {
  const received = new Text(`an error (${cause.message.replace(/\.$/, '')})`);
  return expected('the data that the run was trained on', folder, received, 'Name its folder with --data.');
}
