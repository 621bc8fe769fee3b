import { UsageError } from './usage-error.js';

// The flag behind each option that a message of the library may name.
const FLAGS: Readonly<Record<string, string>> = {
  imgSize: '--img-size',
  patchSize: '--patch',
  embedDim: '--dim',
  depth: '--depth',
  numHeads: '--heads',
  mlpRatio: '--mlp-ratio',
  posDropRate: '--dropout',
  projDropRate: '--dropout',
  dropPathRate: '--drop-path',
  batchSize: '--batch-size',
  clipGradNorm: '--clip-grad',
  labelSmoothing: '--smoothing',
  weightDecay: '--weight-decay',
  momentum: '--momentum',
  precision: '--precision',
  gradAccumSteps: '--grad-accum-steps',
  autoAugment: '--aa',
  targets: '--lora-targets',
  gradCheckpointing: '--grad-checkpointing',
  optimizerInBackward: '--optimizer-in-backward',
  trace: '--trace',
  epochs: '--epochs',
  lr: '--lr',
};

// Advice of the library, and what the same comes to on the command line.
const ADVICE: readonly (readonly [library: RegExp, commandLine: string])[] = [
  [/ Resize the images, or set dynamicImgPad to pad them with zeros\./, ' Choose another --img-size or --patch.'],
  [
    / Use a smaller batch, or dispose tensors\./,
    ' Use a smaller --batch-size or a smaller model, or --grad-checkpointing.',
  ],
  [/ use precision: 'fp32', or 'auto'\./, ' use --precision fp32, or auto.'],
  [/ Try a lower learning rate, warmup or clipGradNorm\./, ' Try a lower --lr, more --warmup-epochs, or --clip-grad.'],
  [
    / Go on from them with resume: 'auto', or choose another folder\./,
    ' Go on from them with --resume, or begin anew with --force.',
  ],
  [
    /(\.checkpoints[/\\].* The file is (?:damaged|truncated)); fetch (?:or save )?it again\./,
    '$1. To begin anew, take --force without --resume.',
  ],
  [/ Mend or remove them, or raise maxCorrupt\./, ' Mend or remove them.'],
  [/ for (?:ViT|Swin)\.create but/, ' for --model but'],
  [/ See (?:ViT|Swin)\.list\(\)\./, ''],
  [/ that matches a parameter for \w+ but/, ' that matches a parameter for --freeze but'],
  [/ gradAccumSteps: 1 for/, ' --grad-accum-steps 1 for'],
  [/ clipGradValue goes with it\./, ' Say --clip-grad 0.'],
  [/ Lamb with maxGradNorm: 0 for/, ' another --opt than lamb for'],
];

const OPTION = new RegExp(
  `(?<![-\\w])(?:(?:ViT|Swin|Trainer|SGD|AdamW|DataLoader augment|applyLora) )?(${Object.keys(FLAGS).join('|')})(?![-\\w])`,
  'g',
);

// Flags whose values the library or the data judges: what they cannot have is a wrong command line, too.
const JUDGED = [...new Set([...Object.values(FLAGS), '--model', '--freeze'])].join('|');

const OF_A_FLAG = new RegExp(`^Expected .* for (?:${JUDGED}) but `);

/**
 * A library's error about options in the words of `vitrine train`, or another command that takes its flags; a UsageError
 * where it refuses what a flag says.
 */
export function inFlags(error: unknown, command = 'train'): unknown {
  if (!(error instanceof Error)) return error;
  const advised = ADVICE.reduce((text, [library, commandLine]) => text.replace(library, commandLine), error.message);
  // Words that English has too stand for options only behind the name of what takes them.
  const named = advised.replace(OPTION, (text, name: string) => (/[A-Z]/.test(text) ? (FLAGS[name] ?? text) : text));
  const message = named.replace(' for vitrine train but ', ` for vitrine ${command} but `);
  if (message !== error.message) error.message = message;
  const isSystems = error.cause !== undefined;
  return error instanceof TypeError && !isSystems && OF_A_FLAG.test(message) ? new UsageError(error) : error;
}
