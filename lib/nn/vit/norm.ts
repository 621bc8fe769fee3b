import { checkOneOf } from '../../check.js';
import { LayerNorm } from '../layer-norm.js';
import { RMSNorm } from '../rms-norm.js';
import type { NormLayer } from './parts.js';

/** A norm of a ViT, of either kind. */
export type Norm = LayerNorm | RMSNorm;

/** @internal Throws for a kind that is none; layer norm is the default. */
export function checkNormLayer(kind: NormLayer | undefined, where: string): NormLayer {
  return checkOneOf(kind ?? 'layernorm', `${where} normLayer`, ['layernorm', 'rmsnorm']);
}

/** @internal */
export function makeNorm(width: number, { normLayer, normEps: eps }: { normLayer: NormLayer; normEps: number }): Norm {
  return normLayer === 'rmsnorm' ? new RMSNorm(width, { eps }) : new LayerNorm(width, { eps });
}
