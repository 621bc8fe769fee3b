/**
 * The precision of matrix products: of their factors, and under `'bf16'` of what they give; sums are float32. `'int8'` is
 * for inference: linear layers alone, the weight as whole numbers from -127 to 127 with a factor for each output, the
 * input likewise with one for each row, found as it comes; results are float32.
 */
export type Precision = 'fp32' | 'bf16' | 'int8';

/** The same as it is asked for: `'auto'` is float32 or bfloat16, whichever this CPU is faster in. */
export type PrecisionChoice = Precision | 'auto';

/** The precisions that models train in, as they are asked for. */
export type TrainingPrecision = Exclude<PrecisionChoice, 'int8'>;

/** @internal All of these. */
export const TRAINING_PRECISIONS: readonly TrainingPrecision[] = ['fp32', 'bf16', 'auto'];
/** @internal */
export const PRECISIONS: readonly PrecisionChoice[] = ['fp32', 'bf16', 'int8', 'auto'];
