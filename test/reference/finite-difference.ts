import assert from 'node:assert/strict';
import { type Ref, requireShape } from './array.js';

/** Named `x`, its gradient is `dx`: the names every backward of the reference answers with. */
export type Gradients<Name extends string> = { [P in Name as `d${P}`]: Ref };

export interface CheckOptions {
  /** dL/dy for each output of f, L being sum(y * dy) over all of them. */
  dy: Ref | Ref[];
  /** The step, in units of max(1, |x|); 1e-5 leaves about 1e-10 of both truncation and rounding. */
  eps?: number;
  /** Of the larger of the difference quotient and a tenth of that gradient's largest one. */
  tolerance?: number;
}

/**
 * Asserts that `gradients` are those of L = sum(f(inputs) * dy), by the central difference (L(x+h) - L(x-h)) / 2h of
 * every element of every input. f may mutate nothing.
 */
export function checkGradient<Name extends string>(
  f: (inputs: Record<Name, Ref>) => Ref | Ref[],
  inputs: Record<Name, Ref>,
  gradients: Gradients<NoInfer<Name>>,
  { dy, eps = 1e-5, tolerance = 1e-6 }: CheckOptions,
): void {
  const dys = [dy].flat();
  for (const name of Object.keys(inputs) as Name[]) {
    const x = inputs[name];
    const analytic = (gradients as Record<string, Ref>)[`d${name}`];
    assert.ok(analytic, `no gradient d${name}`);
    requireShape(`d${name}`, analytic, x.shape);
    const numeric = x.data.map((value, i) => {
      const h = eps * Math.max(1, Math.abs(value));
      const at = (moved: number) => {
        const data = Float64Array.from(x.data);
        data[i] = moved;
        return [f({ ...inputs, [name]: { shape: x.shape, data } })].flat();
      };
      return weightedDifference(at(value + h), at(value - h), dys) / (value + h - (value - h));
    });
    const largest = numeric.reduce((m, d) => Math.max(m, Math.abs(d)), 0);
    numeric.forEach((expected, i) => {
      // The 1e-3 lets a gradient that is truly zero differ by rounding.
      const allowed = tolerance * Math.max(Math.abs(expected), 0.1 * largest, 1e-3);
      const ok = Math.abs(analytic.data[i] - expected) <= allowed;
      assert.ok(ok, `d${name}[${i}] is ${analytic.data[i]}, central difference ${expected} ± ${allowed}`);
    });
  }
}

/** sum((above - below) * dy): outputs that an input does not reach cancel before the sum, adding no rounding. */
function weightedDifference(above: Ref[], below: Ref[], dys: Ref[]): number {
  assert.equal(above.length, dys.length, 'one dy for each output');
  let sum = 0;
  above.forEach((y, o) => {
    requireShape('dy', dys[o], y.shape);
    for (let i = 0; i < y.data.length; i++) sum += (y.data[i] - below[o].data[i]) * dys[o].data[i];
  });
  return sum;
}
