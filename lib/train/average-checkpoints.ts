import { expected } from '../check.js';
import { loadSafetensors } from '../io/state-dict.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';

/**
 * The mean of the weights of several files, such as the last few checkpoints of a run: a "soup". Whole numbers, which count
 * something, are those of the last file.
 *
 * @param paths safetensors files of one model
 * @returns the means by name, to be given to `loadStateDict`; they live until disposed
 * @throws TypeError when a file is none, or holds other tensors than the first
 * @see Wortsman et al. 2022
 * @see timm's `avg_checkpoints.py`
 */
export async function averageCheckpoints(paths: readonly string[]): Promise<Map<string, Tensor>> {
  if (!Array.isArray(paths) || paths.length === 0) throw expected('an array of paths', 'averageCheckpoints', paths);
  let sums = new Map<string, Tensor>();
  for (const path of paths) {
    const state = await loadSafetensors(path);
    const held = sums;
    if (held.size === 0) {
      sums = state;
      continue;
    }
    try {
      sums = sum(held, state, path);
    } finally {
      for (const done of [...held.values(), ...state.values()]) done.dispose();
    }
  }
  const means = new Map(
    [...sums].map(([name, total]) => [name, total.dtype === 'int32' ? total.clone() : total.mul(1 / paths.length)]),
  );
  for (const total of sums.values()) total.dispose();
  return means;
}

function sum(a: ReadonlyMap<string, Tensor>, b: ReadonlyMap<string, Tensor>, path: string): Map<string, Tensor> {
  return scope(() => {
    const missing = [...a.keys()].find((name) => String(b.get(name)?.shape) !== String(a.get(name)?.shape));
    if (missing !== undefined || a.size !== b.size) {
      throw expected('the tensors of the first file', path, [...b.keys()].slice(0, 3));
    }
    return new Map(
      [...a].map(([name, value]): [string, Tensor] => {
        const other = b.get(name) as Tensor; // looked for above
        return [name, value.dtype === 'int32' ? other.clone() : value.add(other)];
      }),
    );
  });
}
