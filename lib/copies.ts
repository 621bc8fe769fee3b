import { packageRoot, VERSION } from './package-root.js';
import { warnOnce } from './warning.js';

/** The copies of vitrine that this process, or this context of it, has loaded: where each lies, and its version. */
const COPIES = Symbol.for('vitrine.copies');

/** Warns where another copy of vitrine is loaded already: each has its own tensors, threads and memory. */
export function noteCopy(): void {
  const world = globalThis as { [COPIES]?: Map<string, string> };
  const copies = world[COPIES] ?? new Map<string, string>();
  world[COPIES] = copies;
  const others = [...copies].filter(([path]) => path !== packageRoot);
  copies.set(packageRoot, VERSION);
  const [other] = others;
  if (other === undefined) return;
  warnOnce(
    `Expected one vitrine in this process but ${other[1]} (${other[0]}) is loaded beside ${VERSION} (${packageRoot}): tensors and models of one mean nothing to the other. Find who brings which with \`npm ls vitrine\`, and make them one with \`npm dedupe\`.`,
  );
}
