import { scope, type Tensor, tensor } from '../../lib/index.js';

/** A tensor of one axis that requires a gradient. */
export const leaf = (...values: number[]): Tensor => tensor(values, undefined, { requiresGrad: true });

/** A tensor's elements; undefined where there is none. Blocks. */
export const valuesOf = (t: Tensor | null): number[] | undefined => (t === null ? undefined : [...t.dataSync()]);

/** Runs `fn`, in a scope, on leaves that are disposed afterwards. */
export function onLeaves(leaves: Tensor[], fn: (...leaves: Tensor[]) => void): void {
  scope(() => fn(...leaves));
  for (const t of leaves) t.dispose();
}
