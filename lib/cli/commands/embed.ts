import type { Command } from 'commander';
import type { PrecisionChoice } from '../../precision.js';
import { LAYERS_HELP, layersFlag, npyPath, POOL_HELP, POOLS } from '../feature-flags.js';
import { nonEmpty, oneOf, wholeNumber } from '../flags.js';
import { PRECISION_FLAG, PRECISION_HELP, precisionFlag } from '../precision-flag.js';
import { DEFAULT_RUN } from '../run-folder.js';

interface EmbedFlags {
  model: string;
  out: string;
  pool: (typeof POOLS)[number];
  layers?: number | readonly number[];
  normalize?: true;
  batchSize: number;
  precision: PrecisionChoice;
  threads?: number;
  force?: true;
}

const EXAMPLES = `
Examples:
  vitrine embed photos/ --model dinov2-small/ \\
    --out photos.npy
  vitrine embed photos/ --model dinov2-small/ \\
    --out photos.npy --pool cls --layers 4`;

/** `vitrine embed`: the features of images as a .npy file with an index. */
export function addEmbed(program: Command): void {
  program
    .command('embed')
    .description('write the features of images: a .npy file, and a JSON index beside it')
    .argument('<folder>', 'images in folders, .parquet or .tar files', nonEmpty('<folder>', 'a path'))
    .option('--model <path>', 'any checkpoint, or a run', nonEmpty('--model', 'a path'), DEFAULT_RUN)
    .option('--out <path>', 'a .npy file', npyPath('--out'), 'features.npy')
    .option('--pool <name>', POOL_HELP, oneOf('--pool', POOLS), 'head')
    .option('--layers <list>', LAYERS_HELP, layersFlag)
    .option('--normalize', 'vectors of length 1')
    .option('-b, --batch-size <n>', 'images at a time', wholeNumber('--batch-size', 1), 32)
    .option(PRECISION_FLAG, PRECISION_HELP, precisionFlag, 'fp32')
    .option('--threads <n>', 'default: as many as the process may use', wholeNumber('--threads', 1, 1024))
    .option('--force', 'replace what is there')
    .addHelpText('after', EXAMPLES)
    .action(async (folder: string, { threads, force, normalize, ...rest }: EmbedFlags) => {
      const [{ embedImages }, { allOrNothing }] = await Promise.all([
        import('../embed-images.js'),
        import('../interrupt.js'),
      ]);
      const settings = { ...rest, force: force === true, normalize: normalize === true };
      await allOrNothing(threads, (interruption) => embedImages(folder, settings, interruption));
    });
}
