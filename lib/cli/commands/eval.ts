import type { Command } from 'commander';
import { expected, Text } from '../../check.js';
import { nonEmpty, wholeNumber } from '../flags.js';
import { DEFAULT_RUN } from '../run-folder.js';

interface EvalFlags {
  run: string;
  data?: string;
  threads?: number;
  json?: true;
}

/** `vitrine eval`: how well a trained model does on test images. */
export function addEval(program: Command): void {
  program
    .command('eval')
    .description('tell accuracy and loss of a trained model on test images')
    .option('--run <folder>', 'what `vitrine train` has written', nonEmpty('--run', 'a folder'), DEFAULT_RUN)
    .option('--data <folder>', 'IDX files (default: those of the training)', nonEmpty('--data', 'a folder'))
    .option('--threads <n>', 'default: as many as the process may use', wholeNumber('--threads', 1, 1024))
    .option('--json', 'as JSON')
    .action(async ({ run, data, threads, json }: EvalFlags) => {
      const [{ loadRun }, { checkDataFits, loadData }, { evaluate }, { info, setThreads }, { formatPercent }] =
        await Promise.all([
          import('../load-run.js'),
          import('../data-source.js'),
          import('../../train/evaluate.js'),
          import('../../info.js'),
          import('../../report/format.js'),
        ]);
      if (threads !== undefined) setThreads(threads);
      const { model, config } = await loadRun(run);
      const test = await loadData(data ?? config.data, 'test').catch((cause: Error) => {
        throw data === undefined && config.data !== null ? movedData(config.data, cause) : cause;
      });
      checkDataFits(model, test, 'the test images');
      // In batches that fit the memory, and to the result of training; a CPU without bfloat16 gives nearly that.
      const { batch, precision } = config.training;
      const options = { batchSize: batch, precision: info().bf16.available ? precision : ('fp32' as const) };
      const { accuracy, loss } = await evaluate(model, test, options);
      const right = Math.round(accuracy * test.count);
      if (json) console.log(JSON.stringify({ accuracy, loss, count: test.count, right }));
      else console.log(`Accuracy ${formatPercent(accuracy)} (${right} of ${test.count}), loss ${loss.toFixed(4)}`);
    });
}

/** The error of a run whose data is not where it was when it was trained. */
function movedData(folder: string, cause: Error): Error {
  const received = new Text(`an error (${cause.message.replace(/\.$/, '')})`);
  return expected('the data that the run was trained on', folder, received, 'Name its folder with --data.');
}
