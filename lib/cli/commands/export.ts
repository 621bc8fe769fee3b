import type { Command } from 'commander';
import { nonEmpty } from '../flags.js';

interface ExportFlags {
  out: string;
  force?: true;
}

const EXAMPLE = `
Example:
  vitrine export runs/pets --out pets.onnx`;

/** `vitrine export`: a checkpoint as an ONNX file. */
export function addExport(program: Command): void {
  program
    .command('export')
    .description('write a model as ONNX')
    .argument('<model>', 'what `vitrine train` has written, or any checkpoint', nonEmpty('<model>', 'a path'))
    .option('--out <file>', 'the file to write', nonEmpty('--out', 'a path'), 'model.onnx')
    .option('--force', 'replace what is there')
    .addHelpText('after', EXAMPLE)
    .action(async (model: string, { out, force }: ExportFlags) => {
      const { exportCheckpoint } = await import('../export-checkpoint.js');
      await exportCheckpoint(model, out, force === true);
    });
}
