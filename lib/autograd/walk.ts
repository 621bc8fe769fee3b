import { untracked } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Arrivals } from './arrivals.js';
import { LeafUses } from './leaf-uses.js';
import { noGrad } from './recording.js';
import type { Targets } from './targets.js';

/** A walk over the graph, newest node first. */
export interface Walk {
  /** Where it begins, with the gradients there, which are taken over. */
  readonly roots: readonly { readonly root: Tensor; readonly gradient: Tensor }[];
  /** Whether nodes keep what they saved. */
  readonly retainGraph: boolean;
  /** What it is for; where undefined, for the `grad` of every leaf. */
  readonly targets?: Targets | undefined;
  /** Called with leaves as soon as their `grad` is whole, while the walk goes on; not with those that hooks watch. */
  readonly onWhole?: ((leaves: readonly Tensor[]) => void) | undefined;
}

/** Computes gradients; each node that is walked releases what it saved, unless the graph is retained. */
export function walk({ roots, retainGraph, targets, onWhole }: Walk): void {
  const arrivals = new Arrivals(targets, onWhole && new LeafUses());
  untracked(() => noGrad(() => run({ roots, retainGraph, onWhole }, arrivals)));
}

function run({ roots, retainGraph, onWhole }: Walk, gradients: Arrivals): void {
  const ahead = new Set(roots.map(({ gradient }) => gradient));
  try {
    for (const { root, gradient } of roots) {
      ahead.delete(gradient);
      gradients.enter(root, gradient);
    }
    for (let node = gradients.next(); node !== undefined; node = gradients.next()) {
      const used = gradients.apply(node);
      // What a checkpoint computes again is of this walk alone.
      if (used && (!retainGraph || node.order >= gradients.first)) node.release();
      if (onWhole === undefined) continue;
      const whole = gradients.wholeAfter(node);
      if (whole.length > 0) onWhole(whole);
    }
    gradients.finish();
  } finally {
    for (const gradient of ahead) gradient.dispose();
    gradients.dispose();
  }
}
