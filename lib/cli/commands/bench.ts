import type { Command } from 'commander';
import { runScript } from '../run-script.js';

/** `vitrine bench`: runs the benchmarks, which know their arguments themselves. */
export function addBench(program: Command): void {
  program
    .command('bench')
    .description('run the benchmarks; takes their arguments')
    .helpOption(false)
    .allowUnknownOption()
    .argument('[arguments...]', 'see `vitrine bench --help`')
    .action(async (args: string[]) => {
      await runScript('dist/package/bench.js', args, 'Install vitrine again: its package is not whole.');
    });
}
