import type { Command } from 'commander';
import { readFlags } from '../config-file.js';
import { nonEmpty, number, wholeNumber } from '../flags.js';
import { inFlags } from '../in-flags.js';
import { checkFlags, type TrainFlags } from '../train-settings.js';
import { addTrainingFlags } from './train.js';

/** Flags of `vitrine find-lr` besides those of data, recipe and model. */
export interface FindLrFlags extends TrainFlags {
  startLr: number;
  endLr: number;
  steps: number;
  plot?: string;
}

// Below, no weight in float32 moves.
const LEAST_RATE = 1e-12;

const EXAMPLES = `
Examples:
  vitrine find-lr --data photos/
  vitrine find-lr --data photos/ --lora 8 --plot rates.png \\
    --pretrained vit-base-patch16-224/`;

/** `vitrine find-lr`: trains while the learning rate rises, and suggests one. */
export function addFindLr(program: Command): void {
  const command = program
    .command('find-lr')
    .description('find a learning rate: train while it rises until the loss explodes; nothing is kept');
  command
    .option('--start-lr <x>', 'the first rate', number('--start-lr', LEAST_RATE), 1e-7)
    .option('--end-lr <x>', 'the last', number('--end-lr', LEAST_RATE), 10)
    .option('--steps <n>', 'from one to the other', wholeNumber('--steps', 2), 100)
    .option('--plot <file>', 'write the curve: a .png, .svg or .html file', nonEmpty('--plot', 'a file'));
  addTrainingFlags(command);
  command.addHelpText('after', EXAMPLES).action(async (_: FindLrFlags, self: Command) => {
    const { config } = self.opts<FindLrFlags>();
    const train = program.commands.find((other) => other.name() === 'train');
    if (config !== undefined) await readFlags(self, config, train?.options); // a file of `train` serves both
    const flags = { ...self.opts<FindLrFlags>(), checkpoints: false, report: false };
    try {
      checkFlags(flags);
      const { findRate } = await import('../find-rate.js');
      await findRate(flags);
    } catch (error) {
      throw inFlags(error, 'find-lr');
    }
  });
}
