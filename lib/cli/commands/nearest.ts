import type { Command } from 'commander';
import { npyPath } from '../feature-flags.js';
import { nonEmpty, wholeNumber } from '../flags.js';

interface NearestFlags {
  features: string;
  model?: string;
  k: number;
  html?: string;
  threads?: number;
  json?: true;
}

const EXAMPLES = `
Examples:
  vitrine nearest holiday.jpg --features photos.npy
  vitrine nearest holiday.jpg --features photos.npy \\
    -k 24 --html found.html`;

/** `vitrine nearest`: the images that are most like another. */
export function addNearest(program: Command): void {
  program
    .command('nearest')
    .description('find the images that are most like another, by their features')
    .argument('<image>', 'a PNG, JPEG, WebP, GIF or TIFF file; - is stdin', nonEmpty('<image>', 'a path'))
    .option('--features <path>', 'what `vitrine embed` has written', npyPath('--features'), 'features.npy')
    .option('--model <path>', 'default: the one that made the features', nonEmpty('--model', 'a path'))
    .option('-k, --k <n>', 'how many', wholeNumber('--k', 1), 10)
    .option('--html <path>', 'a page that shows them', nonEmpty('--html', 'a path'))
    .option('--threads <n>', 'default: as many as the process may use', wholeNumber('--threads', 1, 1024))
    .option('--json', 'as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (image: string, { threads, json, ...flags }: NearestFlags) => {
      const [{ findNearest }, { setThreads }] = await Promise.all([
        import('../find-nearest.js'),
        import('../../info.js'),
      ]);
      if (threads !== undefined) setThreads(threads);
      await findNearest(image, { ...flags, json: json === true });
    });
}
