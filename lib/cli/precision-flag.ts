import { PRECISIONS, type PrecisionChoice } from '../precision-names.js';
import { oneOf } from './flags.js';
import type { Tta } from './tta-flag.js';

/** How a program's command line asks for the precision of inference. */
export const PRECISION_FLAG = '--precision <name>';
export const PRECISION_HELP = 'of products: fp32, bf16, int8, or auto, which is the faster of the first two';
export const precisionFlag = oneOf('--precision', PRECISIONS);

/** What programs that run a model on images have in common. */
export interface InferenceFlags {
  tta?: Tta;
  precision?: PrecisionChoice;
  threads?: number;
  json?: true;
}
