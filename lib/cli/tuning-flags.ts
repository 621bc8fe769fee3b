import { expected, Text } from '../check.js';
import type { TrainFlags } from './train-settings.js';
import { UsageError } from './usage-error.js';

/** Adapters of low rank beside a checkpoint's layers. */
export interface LoraSettings {
  readonly rank: number;
  readonly alpha: number;
  /** Ends of the names of linear layers. */
  readonly targets: readonly string[];
}

const DEFAULT_TARGETS = 'qkv';

/** Throws where flags about what of a checkpoint is trained contradict each other. */
export function checkTuningFlags(flags: TrainFlags): void {
  const refuse = (what: string, flag: string, received: string, advice: string): never => {
    throw new UsageError(expected(what, flag, new Text(received), advice));
  };
  const { lora, loraAlpha, loraTargets, linearProbe = false, freeze, pretrained } = flags;
  for (const [flag, value] of [
    ['--lora-alpha', loraAlpha],
    ['--lora-targets', loraTargets],
  ] as const) {
    if (value !== undefined && lora === undefined) refuse('--lora <rank>', flag, 'none', 'It says how adapters are.');
  }
  const chosen = [
    ...(lora === undefined ? [] : ['--lora']),
    ...(linearProbe ? ['--linear-probe'] : []),
    ...(freeze === undefined ? [] : ['--freeze']),
  ];
  const [first, second] = chosen;
  if (first === undefined) return;
  if (second !== undefined) {
    refuse(`${first} or ${second}`, 'vitrine train', 'both', 'Each says by itself what is trained.');
  }
  if (first !== '--freeze' && pretrained === undefined) {
    refuse('--pretrained <path>', first, 'none', 'What is not trained must have been.');
  }
}

/** Of a checkpoint all is trained, or the head and adapters, or the head alone. */
export function loraSettings({ lora, loraAlpha, loraTargets }: TrainFlags): LoraSettings | null {
  if (lora === undefined) return null;
  const targets = (loraTargets ?? DEFAULT_TARGETS).split(',').map((name) => name.trim());
  return { rank: lora, alpha: loraAlpha ?? lora, targets };
}
