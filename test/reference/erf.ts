// No table of coefficients to trust: the two classical expansions, each where it converges (DLMF 7.6.2 and 7.9.1).

/** The error function, within 1e-15 of the true value. */
export function erf(x: number): number {
  const magnitude = Math.abs(x);
  return Math.sign(x) * (magnitude < 2 ? erfSeries(magnitude) : 1 - erfcFraction(magnitude));
}

/** 1 - erf(x), within about 1e-13 of its own size also where erf(x) is nearly 1. */
export function erfc(x: number): number {
  if (x < 0.5) return 1 - erf(x);
  return x < 2 ? 1 - erfSeries(x) : erfcFraction(x);
}

/** 2/sqrt(pi) exp(-x^2) sum of 2^n x^(2n+1) / (1 3 5 ... (2n+1)) for x >= 0: no negative term, so nothing cancels. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return ((2 * sum) / Math.sqrt(Math.PI)) * Math.exp(-x * x);
}

/** exp(-x^2)/sqrt(pi) / (x + (1/2)/(x + (2/2)/(x + (3/2)/(x + ...)))) for x >= 2, where 100 levels are ample. */
function erfcFraction(x: number): number {
  let fraction = x;
  for (let level = 100; level >= 1; level--) fraction = x + level / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}
