import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../lib/package-root.js';
import { checkPrecision } from '../lib/precision.js';
import type { Command } from './contender-process.js';
import { preloadFastMkl } from './fast-mkl.js';
import type { Precision, Work } from './work.js';

/** Who is timed. */
export interface Contender {
  readonly name: string;
  readonly precision: Precision;
  /** Whether it has a step for such a work. */
  runs(work: Work): boolean;
  /** Whether a process of its own for each op costs little. */
  readonly startsFast: boolean;
  /** How it is started; throws an Error with the reason why it cannot be. */
  command(): Command;
  /** What to do when it cannot be started. */
  readonly advice: string;
}

/** What `--vs` knows. */
export const PEERS = [
  'torch',
  'torch-tuned',
  'torch-bf16',
  'onnxruntime',
  'vitrine-bf16',
  'vitrine-int8',
  'engine',
] as const;
export type Peer = (typeof PEERS)[number];

/** vitrine itself; as `'engine'`, without the feed of a work that has one. */
export function vitrine(precision: Precision, as: 'vitrine' | 'engine' = 'vitrine'): Contender {
  return {
    name: 'vitrine',
    precision,
    runs: () => true,
    startsFast: true,
    command: () => ({
      file: process.execPath,
      args: [inDist('vitrine.js'), precision, as],
    }),
    advice: 'Run `npm run setup`.',
  };
}

const inDist = (script: string) => fileURLToPath(new URL(`./contenders/${script}`, import.meta.url));

const PYTHON_ADVICE = 'Set VITRINE_TORCH_PYTHON to a Python that has';

function python(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Command {
  // Python sources stay in bench: only TypeScript is compiled into dist.
  const path = join(packageRoot, 'bench', 'contenders', script);
  return { file: process.env.VITRINE_TORCH_PYTHON || 'python3', args: ['-u', path, ...args], env };
}

function torch(name: Peer, precision: Precision, env: () => NodeJS.ProcessEnv): Contender {
  return {
    name,
    precision,
    runs: (work) => work.kind !== 'peak',
    startsFast: false,
    command: () => python('torch_contender.py', [precision], env()),
    advice: `${PYTHON_ADVICE} torch and timm.`,
  };
}

/** The contender of a name. */
export function peer(name: Peer): Contender {
  switch (name) {
    case 'vitrine-bf16':
      return {
        ...vitrine('bf16'),
        name,
        runs: (work) => work.kind === 'train' || work.kind === 'infer',
        command: () => {
          checkPrecision('bf16', name);
          return vitrine('bf16').command();
        },
        advice: '',
      };
    case 'vitrine-int8':
      return { ...vitrine('int8'), name, runs: (work) => work.kind === 'infer' };
    case 'engine':
      return { ...vitrine('fp32', 'engine'), name, runs: (work) => work.kind === 'feed' };
    case 'torch':
      return torch(name, 'fp32', () => ({}));
    case 'torch-tuned':
      return torch(name, 'fp32', preloadFastMkl);
    case 'torch-bf16':
      return torch(name, 'bf16', () => ({}));
    case 'onnxruntime':
      return {
        name,
        precision: 'fp32',
        runs: (work) => work.kind === 'infer',
        startsFast: false,
        command: () => python('onnxruntime_contender.py', [process.execPath, inDist('export-model.js')]),
        advice: `${PYTHON_ADVICE} onnxruntime.`,
      };
  }
}
