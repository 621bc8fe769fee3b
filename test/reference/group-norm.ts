import { type Ref, sizeOf, zeros } from './array.js';
import { moments, standardizeBackward } from './standardize.js';

export interface GroupNormOptions {
  /** (C), 1 when absent. */
  weight?: Ref | undefined;
  /** (C), 0 when absent. */
  bias?: Ref | undefined;
  /** 1e-5 by default. */
  eps?: number | undefined;
}

/** A group is contiguous in (N,C,...): how many there are, its length, and the channel of a flat index. */
function groupsOf(shape: readonly number[], numGroups: number) {
  const [N, C] = shape;
  if (C % numGroups !== 0) throw new RangeError(`${C} channels do not make ${numGroups} groups`);
  const inner = sizeOf(shape.slice(2));
  return { count: N * numGroups, length: (C / numGroups) * inner, channel: (i: number) => Math.floor(i / inner) % C };
}

/** Each group of C / numGroups channels of x (N,C,...) normalised, times weight plus bias, as F.group_norm. */
export function groupNorm(x: Ref, numGroups: number, { weight, bias, eps = 1e-5 }: GroupNormOptions = {}): Ref {
  const { count, length, channel } = groupsOf(x.shape, numGroups);
  const y = zeros(x.shape);
  for (let g = 0; g < count; g++) {
    const { mean, rstd } = moments(x.data.subarray(g * length, (g + 1) * length), eps);
    for (let i = g * length; i < (g + 1) * length; i++) {
      const xhat = (x.data[i] - mean) * rstd;
      y.data[i] = xhat * (weight ? weight.data[channel(i)] : 1) + (bias ? bias.data[channel(i)] : 0);
    }
  }
  return y;
}

/** The gradients of {@link groupNorm}; dweight and dbias are what they would receive. */
export function groupNormBackward(
  dy: Ref,
  x: Ref,
  numGroups: number,
  { weight, eps = 1e-5 }: Omit<GroupNormOptions, 'bias'> = {},
): { dx: Ref; dweight: Ref; dbias: Ref } {
  const { count, length, channel } = groupsOf(x.shape, numGroups);
  const dx = zeros(x.shape);
  const dweight = zeros([x.shape[1]]);
  const dbias = zeros([x.shape[1]]);
  for (let g = 0; g < count; g++) {
    const first = g * length;
    const group = x.data.subarray(first, first + length);
    const { mean, rstd } = moments(group, eps);
    const xhat = group.map((value) => (value - mean) * rstd);
    const dxhat = xhat.map((_, i) => dy.data[first + i] * (weight ? weight.data[channel(first + i)] : 1));
    dx.data.set(standardizeBackward(dxhat, xhat, rstd), first);
    for (let i = 0; i < length; i++) {
      dweight.data[channel(first + i)] += dy.data[first + i] * xhat[i];
      dbias.data[channel(first + i)] += dy.data[first + i];
    }
  }
  return { dx, dweight, dbias };
}
