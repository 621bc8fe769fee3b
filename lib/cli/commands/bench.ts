import type { Command } from 'commander';
import { runScript } from '../run-script.js';

/** `vitrine bench`: runs the benchmarks, which know their arguments themselves. */
export function addBench(program: Command): void {
  program
    .command('bench')
    .description('run the benchmarks of a checkout; takes their arguments')
    .helpOption(false)
    .allowUnknownOption()
    .argument('[arguments...]', 'see `vitrine bench --help`')
    .action(async (args: string[]) => {
      await runScript('dist/bench/main.js', args, 'Benchmarks are in the repository, not in the package: clone it.');
    });
}
