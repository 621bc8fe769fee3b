import type { Command } from 'commander';
import { printable } from '../../check.js';
import type { Classification } from '../classify.js';
import { isVerbose, reportFailure } from '../failure.js';
import { nonEmpty, wholeNumber } from '../flags.js';
import { DEFAULT_RUN } from '../run-folder.js';

interface PredictFlags {
  run: string;
  top: number;
  invert?: true;
  threads?: number;
  json?: true;
}

/** `vitrine predict`: what a trained model takes image files for. */
export function addPredict(program: Command): void {
  program
    .command('predict')
    .description('tell what a trained model takes images for')
    .argument('<images...>', 'PNG, JPEG, WebP, GIF or TIFF files')
    .option('--run <folder>', 'what `vitrine train` has written', nonEmpty('--run', 'a folder'), DEFAULT_RUN)
    .option('--top <n>', 'classes to tell, likeliest first', wholeNumber('--top', 1), 5)
    .option('--invert', 'for dark ink on light paper, where training had light on dark')
    .option('--threads <n>', 'default: as many as the process may use', wholeNumber('--threads', 1, 1024))
    .option('--json', 'as JSON')
    .action(async (paths: string[], { run, top, invert, threads, json }: PredictFlags, command: Command) => {
      const [{ loadRun }, { classify }, { setThreads }, { formatPercent }] = await Promise.all([
        import('../load-run.js'),
        import('../classify.js'),
        import('../../info.js'),
        import('../../report/format.js'),
      ]);
      if (threads !== undefined) setThreads(threads);
      const { model, config } = await loadRun(run);
      const results = await classify(model, paths, { classNames: config.classNames, top, invert: invert === true });
      const told = results.filter((result) => 'classes' in result);
      if (json) console.log(JSON.stringify(told, null, 2));
      for (const result of results) {
        if ('error' in result) reportFailure(result.error, isVerbose(command));
        else if (!json) console.log(formatResult(result, formatPercent));
      }
    });
}

function formatResult({ image, classes }: Classification, percent: (share: number) => string): string {
  const lines = classes.map(({ name, probability }) => `${percent(probability).padStart(8)}  ${printable(name)}`);
  return [printable(image), ...lines].join('\n');
}
