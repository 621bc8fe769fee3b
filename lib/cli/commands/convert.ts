import type { Command } from 'commander';
import { nonEmpty, oneOf } from '../flags.js';

const LAYOUTS = ['vitrine', 'timm', 'torchvision', 'hf', 'openai', 'meta', 'microsoft'] as const;

interface ConvertFlags {
  layout: (typeof LAYOUTS)[number];
  force?: true;
}

const EXAMPLE = `
Example:
  vitrine convert runs/pets pets-hf/ --layout hf`;

/** `vitrine convert`: a checkpoint as another library lays it out. */
export function addConvert(program: Command): void {
  program
    .command('convert')
    .description("write a checkpoint in another library's layout")
    .argument('<checkpoint>', 'what `vitrine train` has written, or any checkpoint', nonEmpty('<checkpoint>', 'a path'))
    .argument('<out>', 'a .safetensors file, or a folder for hf', nonEmpty('<out>', 'a path'))
    .option(
      '--layout <name>',
      'vitrine (any model), timm, torchvision, hf, openai (CLIP), meta (DINOv2) or microsoft (Swin)',
      oneOf('--layout', LAYOUTS),
      'vitrine',
    )
    .option('--force', 'replace what is there')
    .addHelpText('after', EXAMPLE)
    .action(async (checkpoint: string, out: string, { layout, force }: ConvertFlags) => {
      const [{ convertCheckpoint }] = await Promise.all([import('../convert-checkpoint.js')]);
      await convertCheckpoint(checkpoint, out, { layout, force: force === true });
    });
}
