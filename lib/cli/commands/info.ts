import type { Command } from 'commander';
import { formatBytes } from '../../report/format.js';

const EXAMPLES = `
Examples:
  vitrine info
  vitrine info runs/digits`;

/** `vitrine info`: version, machine and libraries; or what a checkpoint holds. */
export function addInfo(program: Command): void {
  program
    .command('info')
    .description(
      'tell version, instruction set, who multiplies matrices, threads and memory; or what a checkpoint holds',
    )
    .argument('[checkpoint]', 'what `vitrine train` has written, or any checkpoint')
    .option('--json', 'as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (checkpoint: string | undefined, flags: { json?: true }) => {
      if (checkpoint !== undefined) {
        const { describeCheckpoint } = await import('../describe-checkpoint.js');
        await describeCheckpoint(checkpoint, flags.json === true);
        return;
      }
      const { info } = await import('../../info.js');
      const found = info();
      if (flags.json) {
        console.log(JSON.stringify(found, null, 2));
        return;
      }
      const { memory } = found;
      const lines: readonly (readonly [string, string])[] = [
        ['vitrine', found.version],
        ['node', `${found.node} on ${found.platform}`],
        ['processor', `${found.cpu}, ${found.cpus} usable ${found.cpus === 1 ? 'core' : 'cores'}`],
        ['threads', String(found.threads)],
        ['native code', found.addon],
        ['instruction set', `${found.isa} (has ${found.isas.join(', ')})`],
        ['matrix products', `${found.blas.name}, ${found.blas.core}`],
        ['bfloat16', found.bf16.available ? 'available' : found.bf16.reason],
        [
          'memory',
          `${formatBytes(memory.live)} live, ${formatBytes(memory.peak)} at most, of ${formatBytes(memory.limit)}`,
        ],
      ];
      for (const [name, value] of lines) console.log(`${name.padEnd(17)}${value}`);
      for (const warning of found.warnings) console.log(`warning: ${warning}`);
    });
}
