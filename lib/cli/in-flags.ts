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
  [/ Mend or remove them, or raise maxCorrupt\./, ' Mend or remove them.'],
  [/ for (?:ViT|Swin)\.create but/, ' for --model but'],
  [/ See (?:ViT|Swin)\.list\(\)\./, ''],
];

const OPTION = new RegExp(
  `(?<![-\\w])(?:(?:ViT|Swin|Trainer|SGD|AdamW) )?(${Object.keys(FLAGS).join('|')})(?![-\\w])`,
  'g',
);

/** A library's error about options in the words of `vitrine train`, which has flags for them. */
export function inFlags(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const advised = ADVICE.reduce((text, [library, commandLine]) => text.replace(library, commandLine), error.message);
  // Words that English has too stand for options only behind the name of what takes them.
  const message = advised.replace(OPTION, (text, name: string) => (/[A-Z]/.test(text) ? (FLAGS[name] ?? text) : text));
  if (message !== error.message) error.message = message;
  return error;
}
