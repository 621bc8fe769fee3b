import { checkBoolean, checkInteger, checkOneOf, expected } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { add, mul } from '../../ops/elementwise.js';
import type { Tensor } from '../../tensor.js';
import type { Dropout } from '../dropout.js';
import type { Linear } from '../linear.js';
import type { Grid } from '../resample.js';
import type { AttentionPool } from './attention-pool.js';
import type { ViTConfig } from './config.js';
import { separate } from './intermediate.js';
import type { Norm } from './norm.js';
import { pool, tokenAt } from './pool.js';
import type { PreLogits } from './pre-logits.js';

/** What of a ViT reads the encoder's tokens. */
export interface HeadParts {
  readonly config: Readonly<ViTConfig>;
  readonly grid: Grid;
  readonly numPrefixTokens: number;
  readonly norm: Norm | undefined;
  readonly attnPool: AttentionPool | undefined;
  readonly fcNorm: Norm | undefined;
  readonly preLogits: PreLogits | undefined;
  readonly headDrop: Dropout;
  readonly head: Linear | undefined;
  readonly headDist: Linear | undefined;
}

/** The ways of pooling tokens, by timm's names. */
export type GlobalPool = ViTConfig['globalPool'];

const POOLS: readonly GlobalPool[] = ['', 'avg', 'avgmax', 'max', 'token', 'tokenavg', 'map'];

/** Options of `ViT.forwardHead`. */
export interface ForwardHeadOptions {
  /** Whether to stop before the classifier: features (N,D). Default false. */
  preLogits?: boolean;
}

/** Logits are float32 under autocast, too: they are few, and losses are computed in float32. */
const LOGITS = { dtype: 'float32' } as const;

const OPTIONS: OptionNames<ForwardHeadOptions> = { preLogits: true };

/** Tokens (N,T,D) to one vector each (N,D), or to themselves with `''`. */
export function poolTokens(parts: HeadParts, tokens: Tensor, globalPool: GlobalPool): Tensor {
  checkOneOf(globalPool, 'ViT.pool', POOLS);
  if (globalPool !== 'map') return pool(tokens, globalPool, parts.numPrefixTokens);
  if (parts.attnPool === undefined) throw expected('a model with attention pooling', "ViT.pool 'map'", parts);
  return parts.attnPool.forward(separate(tokens, parts.numPrefixTokens, parts.grid));
}

/** Tokens (N,T,D) to logits (N,classes), or to features (N,D). */
export function classify(parts: HeadParts, tokens: Tensor, options: ForwardHeadOptions): Tensor {
  checkOptions(options, OPTIONS, 'ViT.forwardHead');
  const stops = checkBoolean(options.preLogits ?? false, 'ViT.forwardHead preLogits');
  if (parts.config.distilled) {
    const [a, b] = classifyDistilled(parts, tokens, stops);
    return mul(add(a, b), 0.5);
  }
  const pooled = poolTokens(parts, tokens, parts.config.globalPool);
  const normed = parts.fcNorm?.forward(pooled) ?? pooled;
  const x = parts.headDrop.forward(parts.preLogits?.forward(normed) ?? normed);
  return stops ? x : (parts.head?.forward(x, LOGITS) ?? x);
}

/** Channels that the head reads of what is pooled. */
export function pooledWidth({ embedDim, globalPool }: Pick<ViTConfig, 'embedDim' | 'globalPool'>): number {
  return globalPool === 'tokenavg' ? 2 * embedDim : embedDim;
}

/** What the class token's head says, and the distillation token's. */
export function classifyDistilled(parts: HeadParts, tokens: Tensor, stops = false): [Tensor, Tensor] {
  const read = (i: number, head: Linear | undefined): Tensor => {
    const token = tokenAt(tokens, i);
    const x = parts.headDrop.forward(parts.fcNorm?.forward(token) ?? token);
    return stops ? x : (head?.forward(x, LOGITS) ?? x);
  };
  return [read(0, parts.head), read(1, parts.headDist)];
}

/** The configuration of a ViT whose classifier is another, checked. The norms stay where they are, as in timm. */
export function reclassified(parts: HeadParts, numClasses: number, globalPool: GlobalPool): Readonly<ViTConfig> {
  const { config } = parts;
  checkInteger(numClasses, 'resetClassifier numClasses');
  checkOneOf(globalPool, 'resetClassifier globalPool', POOLS);
  if (globalPool !== config.globalPool) {
    if (globalPool === 'map') {
      throw expected(
        'a pooling without parameters',
        'resetClassifier globalPool',
        globalPool,
        'Build the model with it.',
      );
    }
    if ((globalPool === 'token' || globalPool === 'tokenavg') && !config.classToken) {
      throw expected('a pooling of patches', 'resetClassifier globalPool of a model without class token', globalPool);
    }
    if (config.distilled) {
      throw expected("the tokens' own pooling", 'resetClassifier globalPool of a distilled model', globalPool);
    }
  }
  return Object.freeze({ ...config, numClasses, globalPool, fcNorm: config.finalNorm && parts.fcNorm !== undefined });
}
