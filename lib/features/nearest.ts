import { noGrad } from '../autograd.js';
import { checkBoolean, checkInteger } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { unit } from '../nn/features.js';
import { tensor } from '../ops/creation.js';
import { linear } from '../ops/linear.js';
import { topk } from '../ops/sort.js';
import { scope, untracked } from '../scope.js';
import { checkFeatureSet, checkSameWidth, type FeatureSet } from './feature-set.js';

/** Options of `features.nearest`. */
export interface NearestOptions {
  /** How many of the base are found for each query. Default 10. */
  k?: number;
  /** Whether the query stands in the base at the same place, and is not found itself. Default false. */
  excludeSelf?: boolean;
}

const NAMES: OptionNames<NearestOptions> = { k: true, excludeSelf: true };

/** Of each query the images that are nearest, nearest first. */
export interface Neighbours {
  /** (queries,k): where they stand in the base. */
  readonly indices: Int32Array;
  /** (queries,k): cosines, 1 for the same direction. */
  readonly similarities: Float32Array;
  /** How many there are for each query. */
  readonly k: number;
}

// Similarities that are held at a time: 16 MB.
const MOST_SIMILARITIES = 2 ** 22;

/**
 * The vectors of `base` whose direction is nearest to that of each query, by cosine: an exact search, a matrix product and
 * then the k largest of each row. Of equal ones those that stand earlier.
 *
 * @param base what is searched @param queries vectors of the same width
 * @throws TypeError for a k that `base` has not, vectors of another width, and options that are unknown
 * @see faiss's `IndexFlatIP` over normalised vectors
 * @example
 * const { indices, similarities } = await features.nearest(photos, query, { k: 5 });
 */
export async function nearest(
  base: FeatureSet,
  queries: FeatureSet,
  options: NearestOptions = {},
): Promise<Neighbours> {
  checkOptions(options, NAMES, 'features.nearest');
  checkFeatureSet(base, 'features.nearest base');
  checkFeatureSet(queries, 'features.nearest queries');
  checkSameWidth(base, queries, 'features.nearest queries');
  const excludeSelf = checkBoolean(options.excludeSelf ?? false, 'features.nearest excludeSelf');
  const most = base.count - (excludeSelf ? 1 : 0);
  const k = checkInteger(options.k ?? Math.min(10, most), 'features.nearest k', 1, most);
  const { width } = base;
  const indices = new Int32Array(queries.count * k);
  const similarities = new Float32Array(queries.count * k);
  const table = untracked(() => scope(() => noGrad(() => unit(tensor(base.values, [base.count, width])))));
  try {
    const rows = Math.max(1, Math.floor(MOST_SIMILARITIES / base.count));
    for (let first = 0; first < queries.count; first += rows) {
      const count = Math.min(rows, queries.count - first);
      const part = queries.values.subarray(first * width, (first + count) * width);
      const found = scope(() =>
        noGrad(() => topk(linear(unit(tensor(part, [count, width])), table), excludeSelf ? k + 1 : k)),
      );
      const [values, places] = await Promise.all([found.values.data(), found.indices.data()]);
      found.values.dispose();
      found.indices.dispose();
      const kept = excludeSelf ? k + 1 : k;
      for (let row = 0; row < count; row++) {
        const own = excludeSelf ? first + row : -1;
        const others = Array.from({ length: kept }, (_, i) => row * kept + i).filter((at) => places[at] !== own);
        for (const [i, at] of others.slice(0, k).entries()) {
          indices[(first + row) * k + i] = places[at];
          similarities[(first + row) * k + i] = values[at];
        }
      }
    }
  } finally {
    table.dispose();
  }
  return { indices, similarities, k };
}
