import type { Command } from 'commander';
import { expected, Text } from '../../check.js';
import { isVerbose, reportFailure } from '../failure.js';
import { nonEmpty, number, oneOf, wholeNumber } from '../flags.js';
import { type InferenceFlags, PRECISION_FLAG, PRECISION_HELP, precisionFlag } from '../precision-flag.js';
import { RESULT_FORMATS, type ResultFormat } from '../result-format.js';
import { DEFAULT_RUN } from '../run-folder.js';
import { TTA_FLAG, TTA_HELP, ttaFlag } from '../tta-flag.js';
import { UsageError } from '../usage-error.js';

interface PredictFlags extends InferenceFlags {
  run: string;
  top: number;
  format?: ResultFormat;
  attention?: string;
  attentionMass?: number;
  invert?: true;
}

const EXAMPLES = `
Examples:
  vitrine predict --run runs/pets photos/ holiday.jpg
  vitrine predict --run vit-base-patch16-224/ --format csv \\
    'photos/**/*.jpg' > classes.csv
  cat cat.jpg | vitrine predict --run runs/pets - \\
    --attention looked-at.png`;

const massAlone = (): UsageError =>
  new UsageError(expected('--attention, the path of pictures,', '--attention-mass', new Text('no path')));

const twoFormats = (format: ResultFormat): UsageError =>
  new UsageError(expected('--json or --format', 'vitrine predict', new Text(`--json and --format ${format}`)));

/** `vitrine predict`: what a model takes images for. */
export function addPredict(program: Command): void {
  program
    .command('predict')
    .description('tell what a model takes images for')
    .argument('<images...>', 'PNG, JPEG, WebP, GIF or TIFF files, folders, patterns; - is stdin')
    .option(
      '--run <path>',
      'what `vitrine train` has written, or any checkpoint',
      nonEmpty('--run', 'a path'),
      DEFAULT_RUN,
    )
    .option('--top <n>', 'classes to tell, likeliest first', wholeNumber('--top', 1), 5)
    .option('--format <name>', 'table, json, jsonl or csv (default: table)', oneOf('--format', RESULT_FORMATS))
    .option('--json', 'as --format json')
    .option(
      '--attention <path>',
      'picture of what it looks at: a .png file, or a folder of',
      nonEmpty('--attention', 'a path'),
    )
    .option(
      '--attention-mass <share>',
      'with --attention: a picture a head, of the patches that together get this share',
      number('--attention-mass', 0, 1),
    )
    .option('--invert', 'for dark ink on light paper, where training had light on dark')
    .option(TTA_FLAG, TTA_HELP, ttaFlag)
    .option(PRECISION_FLAG, `${PRECISION_HELP} (default: fp32)`, precisionFlag)
    .option('--threads <n>', 'default: as many as the process may use', wholeNumber('--threads', 1, 1024))
    .addHelpText('after', EXAMPLES)
    .action(async (paths: string[], flags: PredictFlags, command: Command) => {
      const [{ imageInputs }, { openModel }, { classify }, { resultWriter }, { attentionPictures }, { setThreads }] =
        await Promise.all([
          import('../image-inputs.js'),
          import('../open-model.js'),
          import('../classify.js'),
          import('../result-format.js'),
          import('../attention-pictures.js'),
          import('../../info.js'),
        ]);
      if (flags.threads !== undefined) setThreads(flags.threads);
      if (flags.attentionMass !== undefined && flags.attention === undefined) throw massAlone();
      if (flags.json && flags.format !== undefined && flags.format !== 'json') throw twoFormats(flags.format);
      const inputs = await imageInputs(paths);
      const model = await openModel(flags.run);
      const pictures =
        flags.attention === undefined
          ? undefined
          : await attentionPictures(model, flags.attention, inputs, flags.attentionMass);
      const writer = resultWriter(flags.json ? 'json' : (flags.format ?? 'table'), (line) => console.log(line));
      const { top, invert, tta, precision } = flags;
      const options = { top, invert: invert === true, tta, precision, ...(pictures && { onImage: pictures }) };
      for await (const result of classify(model, inputs, options)) {
        if ('error' in result) reportFailure(result.error, isVerbose(command));
        else writer.add(result);
      }
      writer.end();
    });
}
