import { checkNumber, expected } from '../check.js';

/** Throws unless `betas` are two decay rates, from 0 and below 1; gives a copy. */
export function checkBetas(betas: unknown, where: string): readonly [number, number] {
  if (!Array.isArray(betas) || betas.length !== 2) throw expected('two numbers', `${where} betas`, betas);
  for (const beta of betas) {
    if (checkNumber(beta, `${where} betas`, 0) >= 1) throw expected('numbers below 1', `${where} betas`, betas);
  }
  return [betas[0], betas[1]];
}
