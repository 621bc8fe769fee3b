import type { nn } from '../../lib/index.js';
import { generator, uniform } from '../reference/random.js';

/** Gives a module the parameters that generate_more.py gave its counterpart: from one seed a tensor, by sorted names. */
export function drawParameters(module: nn.Module): void {
  const named = [...module.namedParameters()].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [i, [name, parameter]] of named.entries()) {
    const centre = name.includes('norm') && name.endsWith('weight') ? 1 : 0;
    const { data } = uniform(parameter.shape, generator(i + 1), centre - 0.25, centre + 0.25);
    parameter.set(Float32Array.from(data));
  }
}
