import type { Command } from 'commander';
import { runScript } from '../run-script.js';

/** `vitrine setup`: builds the addon and whatever else is missing. */
export function addSetup(program: Command): void {
  program
    .command('setup')
    .description('build what is missing: the native addon and the libraries it needs')
    .option('--check', 'only tell what is there and what is missing')
    .option('--dev', 'ask for the tools of development too')
    .action(async (flags: { check?: true; dev?: true }) => {
      const args = [...(flags.check ? ['--check'] : []), ...(flags.dev ? ['--dev'] : [])];
      await runScript('scripts/setup.mjs', args, 'Install vitrine again: its package is not whole.');
    });
}
