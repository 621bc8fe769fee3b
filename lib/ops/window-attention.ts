import { record } from '../autograd.js';
import { checkInteger, checkNumber, checkPair, expected, type Pair } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';

/** Options of `windowAttention`; pairs are (height, width) in tokens. */
export interface WindowAttentionOptions {
  /** Of a window. They divide the grid. */
  windowSize: Pair;
  /** How far the grid is rolled to the upper left before it is cut into windows. Default 0. */
  shift?: Pair;
  /** How much of the grid is rolled, from the upper left; what is behind is padding. Default: all. */
  rolled?: Pair;
  /** (heads): cosine attention, in which queries and keys are of length 1 and a head's scores are times its number. */
  cosine?: Tensor;
  /** Factor of the scores without `cosine`. Default 1 / sqrt(D). */
  scale?: number;
}

/** @internal */
export const WINDOW_ATTENTION_OPTIONS: OptionNames<WindowAttentionOptions> = {
  windowSize: true,
  shift: true,
  rolled: true,
  cosine: true,
  scale: true,
};

// As native/ops/window_attention.cpp cuts forward: windows that are worth a tile, and no more sums than 64.
const LEAST_WORK = 2 ** 18;
const MOST_PARTS = 64;
// Whose scores fit in a thread's scratch.
const MOST_TOKENS = 4096;

/**
 * Attention within the windows of a grid of tokens, on a fused projection that stays where it lies: rolling, windows, the
 * bias by relative position and the mask of rolled windows (-100) are part of it, and scores are never stored.
 *
 * @param qkv (N,H,W,3*heads*D), along the last axis q, k and v, each of all heads
 * @param table ((2h-1)(2w-1),heads): what is added to the scores of two tokens of a window (h,w) that lie so far apart
 * @returns (N,H,W,heads*D)
 * @throws TypeError when the sizes do not go together
 * @see Liu et al. 2021 (Swin Transformer), section 3.2; Liu et al. 2022 (v2), section 3.2
 */
export function windowAttention(qkv: Tensor, table: Tensor, options: WindowAttentionOptions): Tensor {
  checkOptions(options, WINDOW_ATTENTION_OPTIONS, 'windowAttention');
  checkTensor(qkv, 'windowAttention input', { rank: 4, letters: '(N,H,W,3*heads*D)' });
  const [batch, rows, columns, packed] = qkv.shape as [number, number, number, number];
  const { window, shift, rolled } = checkGrid([rows, columns], options);
  const entries = (2 * window[0] - 1) * (2 * window[1] - 1);
  checkTensor(table, 'windowAttention table', { shape: [entries, null] });
  const heads = table.shape[1];
  if (heads < 1 || packed % (3 * heads) !== 0 || packed === 0) {
    throw expected(`a last axis that 3 * ${heads} heads divide`, 'windowAttention input', qkv);
  }
  const width = packed / (3 * heads);
  const { cosine } = options;
  if (cosine !== undefined) checkTensor(cosine, 'windowAttention cosine', { shape: [heads] });
  const scale = checkNumber(options.scale ?? 1 / Math.sqrt(width), 'windowAttention scale');
  const sizes = { grid: { size: [rows, columns] as const, rolled, window, shift }, batch, heads, width, scale };
  const y = empty([batch, rows, columns, heads * width]);
  native.windowAttentionForward({ y, qkv, table, cosine, ...sizes });
  const saved = [y, qkv, table, ...(cosine === undefined ? [] : [cosine])];
  return record('windowAttention', y, [qkv, table, cosine], saved, (dy, grads, [sy, sqkv, stable, scosine]) => {
    const parts = partsOf((batch * rows * columns) / (window[0] * window[1]), window[0] * window[1], width);
    const dqkv = empty(sqkv.shape);
    const dtable = empty([parts, entries * heads]);
    const dcosine = scosine && empty([parts, heads]);
    const given = { dy, y: sy, qkv: sqkv, table: stable, cosine: scosine };
    native.windowAttentionBackward({ dqkv, dtable, dcosine, ...given, ...sizes, parts });
    if (grads.wants(0)) grads.pass(0, dqkv);
    dqkv.dispose();
    for (const [i, sums] of [undefined, dtable, dcosine].entries()) {
      if (sums === undefined) continue;
      if (grads.wants(i)) {
        const { grad, accumulate } = grads.target(i);
        native.sum({ y: grad, x: sums, shape: sums.shape, kept: [0, 1], scale: 1, accumulate });
      }
      sums.dispose();
    }
  });
}

function partsOf(windows: number, tokens: number, width: number): number {
  const perTile = Math.ceil(LEAST_WORK / (tokens * tokens * width));
  return Math.min(MOST_PARTS, Math.max(1, Math.ceil(windows / perTile)));
}

type Two = readonly [number, number];

function checkGrid(size: Two, options: WindowAttentionOptions): { window: Two; shift: Two; rolled: Two } {
  const window = checkPair(options?.windowSize, 'windowAttention windowSize', 1);
  const shift = checkPair(options.shift ?? 0, 'windowAttention shift', 0);
  const rolled = checkPair(options.rolled ?? size, 'windowAttention rolled', 1);
  for (const axis of [0, 1] as const) {
    if (size[axis] % window[axis] !== 0 || size[axis] === 0) {
      throw expected(`windows that divide the grid of ${size.join(' x ')}`, 'windowAttention windowSize', window);
    }
    checkInteger(rolled[axis], 'windowAttention rolled', 1, size[axis]);
    checkInteger(shift[axis], 'windowAttention shift', 0, Math.min(window[axis] - 1, rolled[axis]));
  }
  if (window[0] * window[1] > MOST_TOKENS) {
    throw expected(`windows of at most ${MOST_TOKENS} tokens`, 'windowAttention windowSize', window);
  }
  return { window, shift, rolled };
}
