import { type Command, InvalidArgumentError } from 'commander';
import { expected, Text } from '../lib/check.js';
import { nonEmpty, number, oneOf, wholeNumber } from '../lib/cli/flags.js';
import { PEERS, type Peer } from './contenders.js';
import { DEFAULT_COSTS } from './predict/schedule.js';
import type { Suite, SuiteOption } from './suite.js';
import type { Precision } from './work.js';

/** The flags of every suite, parsed. */
export interface CommonFlags {
  readonly threads?: number;
  readonly case?: RegExp;
  readonly json?: true;
  readonly vs?: readonly Peer[];
  readonly precision?: Precision;
  readonly trace?: string;
  readonly seconds: number;
  readonly allowOverride?: true;
}

/** The flags of a suite that predicts. */
export interface PredictionFlags {
  readonly predict?: true;
  readonly wake?: number;
  readonly barrier?: number;
}

const MOST_COST_US = 1000;

const DEFAULT_SECONDS = 3;
const MOST_SECONDS = 3600;
const MOST_THREADS = 1024;

/** Adds the flags that say how to measure. */
export function addCommonFlags(command: Command, { hasPeers, precisions }: Suite): Command {
  command
    .option('--threads <n>', 'threads; default: the CPUs that the process may use', threads)
    .option('--case <regex>', 'only cases whose names match', pattern)
    .option('--json', 'a JSON object a line')
    .option('--seconds <s>', 'for each contender of each case', seconds, DEFAULT_SECONDS)
    .option(
      '--trace <file>',
      'write one step of the one case that --case leaves, for Perfetto, and show where its time went',
      nonEmpty('--trace', 'a file'),
    )
    .option('--allow-override', 'measure even while OPENBLAS_CORETYPE forces slower kernels');
  if (hasPeers) {
    command.option('--vs <names>', `others to time in turn: ${PEERS.join(', ')}; may be repeated`, peers);
  }
  if (precisions !== undefined) {
    const names = `of the factors of vitrine's products: ${precisions.join(', ')}`;
    command.option('--precision <name>', names, oneOf('--precision', precisions));
  }
  return command;
}

/** Adds the flags that have a step's time on more threads predicted. */
export function addPredictionFlags(command: Command): void {
  const cost = (flag: string) => number(flag, 0, MOST_COST_US);
  const { wake, barrier } = DEFAULT_COSTS;
  command
    .option('--predict', 'predict steps on 2 to 128 threads from a trace of one, and say what limits them')
    .option('--wake <us>', `for --predict: what one thread takes to wake another; default: ${wake}`, cost('--wake'))
    .option('--barrier <us>', `for --predict: what a loop's end takes; default: ${barrier}`, cost('--barrier'));
}

const SUITE_FLAGS: Readonly<Record<SuiteOption, readonly [flags: string, description: string]>> = {
  model: [
    '--model <name>',
    "'digits', 'cifar', 'tiny', 'Ti/16' and the like, 'DINOv2-S/14', 'Swin-T', or a name of ViT.list()",
  ],
  batch: ['--batch <n>', 'images'],
  img: ['--img <px>', 'side of the image'],
  patch: ['--patch <px>', 'side of a patch'],
  dim: ['--dim <n>', 'width of the embedding'],
  classes: ['--classes <n>', 'classes of the head'],
};

/** Adds the flags that change a suite's cases. */
export function addSuiteFlags(command: Command, options: readonly SuiteOption[]): Command {
  for (const name of options) {
    const [flags, description] = SUITE_FLAGS[name];
    if (name === 'model') command.option(flags, description);
    else command.option(flags, description, wholeNumber(`--${name}`, 1));
  }
  return command;
}

/** Throws a TypeError if a flag was given that has no effect with --predict, or without it. */
export function refuseFlags(flags: Readonly<Record<string, unknown>>, predicts: boolean): void {
  for (const [flag, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    throw predicts
      ? expected(`no ${flag}`, '--predict', new Text(flag))
      : expected('--predict', flag, new Text('none'));
  }
}

const peer = oneOf('--vs', PEERS);
const threads = wholeNumber('--threads', 1, MOST_THREADS);
const seconds = number('--seconds', 0, MOST_SECONDS);

function pattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? `${error.message}.` : '');
  }
}

/** Contenders, separated by commas; a repeated flag adds to what was given. */
export function peers(text: string, before: readonly Peer[] = []): Peer[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw expected(`names among ${PEERS.join(', ')}`, '--vs', text);
  return [...new Set([...before, ...names.map((name) => peer(name))])];
}
