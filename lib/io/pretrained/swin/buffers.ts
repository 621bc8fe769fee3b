import { toFloat32 } from '../../formats/convert.js';
import { tensorOf } from '../../formats/file-error.js';
import type { Weights } from '../../formats/weights.js';

/** What buffers that some libraries write beside the weights tell, by stage. */
export interface Buffers {
  /** Windows, (height, width); of version 2 alone. */
  readonly windows: ReadonlyMap<number, readonly [number, number]>;
  /** How many windows there are in the first stage's shifted blocks, and the tokens of each. */
  readonly mask: readonly [windows: number, tokens: number] | undefined;
}

const tables = /(?:^|\.)layers\.(\d+)\.blocks\.0\.\S*relative_coords_table$/;
const masks = /(?:^|\.)layers\.0\.blocks\.\d+\.attn_mask$/;

/** Read off their shapes alone. */
export function readBuffers(weights: Weights): Buffers {
  const windows = new Map<number, readonly [number, number]>();
  let mask: Buffers['mask'];
  for (const name of weights.names()) {
    const { shape } = weights.info(name);
    const stage = tables.exec(name)?.[1];
    const [rows, columns] = shape.slice(-3); // (1,2h-1,2w-1,2)
    if (stage !== undefined && rows !== undefined && columns !== undefined) {
      windows.set(Number(stage), [(rows + 1) / 2, (columns + 1) / 2]);
    }
    const [count, tokens] = shape; // (windows,T,T)
    if (masks.test(name) && count !== undefined && tokens !== undefined) mask = [count, tokens];
  }
  return { windows, mask };
}

/**
 * The windows that version 2's positions were learned with: the largest distance is 8 at such a window's end, on a
 * logarithmic scale. Undefined where the file has no distances.
 */
export async function pretrainedWindowsOf(weights: Weights, { windows }: Buffers): Promise<number[] | undefined> {
  if (windows.size === 0) return undefined;
  const sizes: number[] = [];
  for (const name of weights.names()) {
    const stage = Number(tables.exec(name)?.[1] ?? -1);
    const window = windows.get(stage);
    if (window === undefined) continue;
    const largest = toFloat32(await weights.read(name), tensorOf(name, weights.path)).at(-1) ?? 0;
    const pretrained = 1 + Math.round((8 * (window[1] - 1)) / (2 ** (3 * largest) - 1));
    sizes[stage] = pretrained === window[1] || !Number.isFinite(pretrained) ? 0 : pretrained;
  }
  return Array.from(sizes, (size) => size ?? 0);
}
