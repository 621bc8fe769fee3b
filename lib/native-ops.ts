// Written by scripts/generate.mjs from the structs in native/ops/*.h; `npm run generate` writes it again.

/** A storage as the addon knows it. */
export type Handle = number;

/** What an op reads or writes: a tensor, or whatever else has a storage. */
export interface Operand {
  readonly handle: Handle;
  /** Of a tensor. */
  readonly dtype?: string;
  /** Its elements. */
  readonly size?: number;
}

/** A sliding window over an image; all pairs are (height, width). */
export interface Window {
  readonly kernel: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly stride: readonly [number, number];
}

/**
 * The sizes of a convolution of x (N,C,H,W) by weight (OC,C/groups,kh,kw) to y (N,OC,OH,OW). As
 * `tokens` y is (N,L,OC), with L = OH*OW, and the windows are patches, of one group. `bf16`:
 * whether the products read their factors rounded to bfloat16.
 */
export interface Convolution {
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly outChannels: number;
  readonly groups: number;
  readonly window: Window;
  readonly tokens: boolean;
  readonly bf16: boolean;
}

/** A part of an image, in pixels. */
export interface ImageWindow {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/**
 * How the planes of images are read at other sizes; all pairs are (height, width). `scale` is the
 * distance of two results, in elements of what is read.
 */
export interface Interpolation {
  readonly size: readonly [number, number];
  readonly result: readonly [number, number];
  readonly scale: readonly [number, number];
  readonly linear: boolean;
  readonly alignCorners: boolean;
}

/**
 * What all optimizers go by. What changes from step to step lies in storages, so that a replayed
 * step sees new values: each group's learning rate, and how many steps each of the optimizer's
 * parameters has taken. Those that have a gradient take one more here; as in PyTorch, the others
 * stay where they are. Per parameter i: count[i] elements, its group's learning rate and its own
 * factor of that, its weight decay.
 */
export interface StepInputs {
  readonly steps: Operand;
  readonly gradients: readonly Operand[];
  readonly learningRateScales: readonly number[];
  readonly weightDecays: readonly number[];
  readonly learningRates: Operand;
  readonly members: readonly number[];
  readonly groups: readonly number[];
  readonly gradientScale: Operand | undefined;
  readonly guard: Operand | undefined;
}

/**
 * How tokens on a grid fall into windows; all pairs are (height, width). The grid is rolled by
 * `shift` to the upper left, only its first `rolled` rows and columns, and then cut into windows.
 */
export interface WindowGrid {
  readonly size: readonly [number, number];
  readonly rolled: readonly [number, number];
  readonly window: readonly [number, number];
  readonly shift: readonly [number, number];
}

/** y = act(x), element by element; of one kind of floats. */
export interface ActivationForward {
  readonly y: Operand;
  readonly x: Operand;
  readonly count: number;
  readonly activation: number;
}

/** dx = dy * act'(x); of one kind of floats. */
export interface ActivationBackward {
  readonly dx: Operand;
  readonly dy: Operand;
  readonly x: Operand;
  readonly count: number;
  readonly activation: number;
}

/**
 * y = softmax(scale * q k^T + bias + masks) v for each head. Operands (B,H,T,D) are all float32, or
 * all bfloat16, where products read such factors and there are keys, queries and a width. Keys at a
 * true (non-zero) keyPadding are ignored; causal lets query t see keys up to t. A query that sees
 * no key, as where the bias is -infinity, gives zeros.
 */
export interface AttentionForward {
  readonly y: Operand;
  readonly softmax: Operand;
  readonly q: Operand;
  readonly k: Operand;
  readonly v: Operand;
  readonly keyPadding: Operand | undefined;
  readonly bias: Operand | undefined;
  readonly layoutY: readonly number[];
  readonly layoutQ: readonly number[];
  readonly layoutK: readonly number[];
  readonly layoutV: readonly number[];
  readonly layoutBias: readonly number[];
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly width: number;
  readonly scale: number;
  readonly causal: boolean;
  readonly bf16: boolean;
}

/**
 * Probabilities are computed again, a block of queries at a time: T x T is never
 * stored.
 */
export interface AttentionBackward {
  readonly dq: Operand;
  readonly dk: Operand;
  readonly dv: Operand;
  readonly dbias: Operand | undefined;
  readonly dy: Operand;
  readonly y: Operand;
  readonly q: Operand;
  readonly k: Operand;
  readonly v: Operand;
  readonly softmax: Operand;
  readonly keyPadding: Operand | undefined;
  readonly bias: Operand | undefined;
  readonly layoutY: readonly number[];
  readonly layoutQ: readonly number[];
  readonly layoutK: readonly number[];
  readonly layoutV: readonly number[];
  readonly layoutBias: readonly number[];
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly width: number;
  readonly parts: number;
  readonly scale: number;
  readonly causal: boolean;
  readonly bf16: boolean;
}

/** y = conv2d(x, weight) + bias (OC), as torch.nn.functional.conv2d. */
export interface Conv2dForward {
  readonly y: Operand;
  readonly x: Operand;
  readonly weight: Operand;
  readonly bias: Operand | undefined;
  readonly kept: Operand | undefined;
  readonly sizes: Convolution;
}

/**
 * dx, dweight, dbias: those present are computed. dweight and dbias are added to when accumulating,
 * else written.
 */
export interface Conv2dBackward {
  readonly dx: Operand | undefined;
  readonly dweight: Operand | undefined;
  readonly dbias: Operand | undefined;
  readonly dy: Operand;
  readonly x: Operand;
  readonly weight: Operand;
  readonly sizes: Convolution;
  readonly accumulateDweight: boolean;
  readonly accumulateDbias: boolean;
}

/**
 * Softmax and negative log-likelihood in one, as torch.nn.functional.cross_entropy: targets are
 * class indices
 * (`labels`) or probabilities (`target`), one of the two present. The mean is over the labels'
 * weights, or the rows. A label that is neither a class nor ignoreIndex fails the command, naming
 * `site`.
 */
export interface CrossEntropyForward {
  readonly loss: Operand;
  readonly softmax: Operand;
  readonly logits: Operand;
  readonly labels: Operand | undefined;
  readonly target: Operand | undefined;
  readonly weight: Operand | undefined;
  readonly rows: number;
  readonly classes: number;
  readonly smoothing: number;
  readonly ignoreIndex: number;
  readonly reduction: number;
  readonly site: number;
}

export interface CrossEntropyBackward {
  readonly dlogits: Operand;
  readonly dloss: Operand;
  readonly softmax: Operand;
  readonly logits: Operand;
  readonly labels: Operand | undefined;
  readonly target: Operand | undefined;
  readonly weight: Operand | undefined;
  readonly rows: number;
  readonly classes: number;
  readonly smoothing: number;
  readonly ignoreIndex: number;
  readonly reduction: number;
}

/**
 * y = f(a, b), the operation of that number in kernels/binary-inl.h, with broadcasting: strides
 * count elements of a and b along each axis of y's shape, 0 where repeated. y is contiguous and may
 * be a or b where their strides are y's own.
 */
export interface BinaryForward {
  readonly y: Operand;
  readonly a: Operand;
  readonly b: Operand;
  readonly shape: readonly number[];
  readonly stridesA: readonly number[];
  readonly stridesB: readonly number[];
  readonly operation: number;
}

/**
 * y = f(c, a, b) with broadcasting, likewise: a choice by the integers c, or the gradient of a
 * binary operation, as kernels/binary.h numbers them.
 */
export interface Ternary {
  readonly y: Operand;
  readonly c: Operand;
  readonly a: Operand;
  readonly b: Operand;
  readonly shape: readonly number[];
  readonly stridesC: readonly number[];
  readonly stridesA: readonly number[];
  readonly stridesB: readonly number[];
  readonly operation: number;
}

/** y = a * x + b */
export interface Affine {
  readonly y: Operand;
  readonly x: Operand;
  readonly count: number;
  readonly a: number;
  readonly b: number;
}

/** y = x, of either kind of floats each: what becomes bfloat16 is rounded to the nearest. */
export interface Convert {
  readonly y: Operand;
  readonly x: Operand;
  readonly count: number;
}

/** y[i] = value; any 4-byte dtype, given as the bits of the value. */
export interface Fill {
  readonly y: Operand;
  readonly count: number;
  readonly bits: number;
}

/**
 * y (count, width) = table (entries, width)[index]. An index that is no entry fails the command,
 * naming `site`.
 */
export interface EmbeddingForward {
  readonly y: Operand;
  readonly table: Operand;
  readonly index: Operand;
  readonly count: number;
  readonly entries: number;
  readonly width: number;
  readonly site: number;
}

/**
 * dtable[index] += dy, rows in order, but for the entry `padding` (-1: there is none); dtable is
 * zeroed first unless accumulating.
 */
export interface EmbeddingBackward {
  readonly dtable: Operand;
  readonly dy: Operand;
  readonly index: Operand;
  readonly count: number;
  readonly entries: number;
  readonly width: number;
  readonly padding: number;
  readonly accumulate: boolean;
}

/**
 * y (N,C,H,W) = images, each from its bytes to normalised planes in one go: resized, augmented,
 * laid onto the canvas, (byte - offset[c]) / divisor[c], and with rectangles erased. Image i is
 * read from x[i], or from the file `descriptor` where x[i] is absent.
 *
 * `program` is a list of numbers for each image in turn: where its bytes begin; height, width and
 * channels of them; window (4), out_height, out_width, kept (4), filter, antialias; top and left of
 * the result on the canvas, which is filled with fill[c]; the number of augmentations, each its
 * number and arguments; the number of rectangles, each top, left, height, width, mode and seed.
 */
export interface ImageBatch {
  readonly y: Operand;
  readonly x: readonly (Operand | undefined)[];
  readonly descriptor: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly program: readonly number[];
  readonly offset: readonly number[];
  readonly divisor: readonly number[];
  readonly fill: readonly number[];
}

/**
 * y (N,C,H,W) = each image of x mixed with that of the other end, image N - 1 - i: by `weight[i]`,
 * and inside the box (top,left,height,width) of four numbers an image, where it has an area, the
 * other's pixels. Mixup and CutMix.
 */
export interface ImageMix {
  readonly y: Operand;
  readonly x: Operand;
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly weight: readonly number[];
  readonly boxes: readonly number[];
}

/** y (pixels,1 or 3) = x (pixels,3 or 4) in other colours, as PIL.Image.convert. */
export interface ImageConvert {
  readonly y: Operand;
  readonly x: Operand;
  readonly pixels: number;
  readonly conversion: number;
}

/**
 * y (h,w,C) = the `kept` part of (outHeight,outWidth,C), which is the `window` of x (H,W,C)
 * resized. `between` (window.height, w, C) holds what goes from one pass to the other; it may be
 * absent where only one side changes, and for nearest pixels.
 */
export interface ImageResize {
  readonly y: Operand;
  readonly between: Operand | undefined;
  readonly x: Operand;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly window: ImageWindow;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly kept: ImageWindow;
  readonly filter: number;
  readonly antialias: boolean;
}

/**
 * y (planes, OH, OW) = x (planes, H, W), as torch.nn.functional.interpolate's 'nearest' and
 * 'bilinear'.
 */
export interface InterpolateForward {
  readonly y: Operand;
  readonly x: Operand;
  readonly planes: number;
  readonly grid: Interpolation;
}

/** dx (planes, H, W), written. */
export interface InterpolateBackward {
  readonly dx: Operand;
  readonly dy: Operand;
  readonly planes: number;
  readonly grid: Interpolation;
}

/**
 * y = (x' - mean) * rstd * weight + bias over the last axis, where x' = x + residual if there is
 * one, else x. y and x may each be bfloat16 where there is no residual.
 */
export interface LayerNormForward {
  readonly y: Operand;
  readonly sum: Operand | undefined;
  readonly mean: Operand;
  readonly rstd: Operand;
  readonly x: Operand;
  readonly residual: Operand | undefined;
  readonly weight: Operand | undefined;
  readonly bias: Operand | undefined;
  readonly rows: number;
  readonly width: number;
  readonly eps: number;
}

/**
 * dx = the gradient through the norm, plus dsum if present (the gradient that reaches x' past the
 * norm; may be dx itself). dweight and dbias are added to when accumulating, else written. dx and
 * dsum are bfloat16 where x is.
 */
export interface LayerNormBackward {
  readonly dx: Operand;
  readonly dweight: Operand | undefined;
  readonly dbias: Operand | undefined;
  readonly dy: Operand;
  readonly x: Operand;
  readonly mean: Operand;
  readonly rstd: Operand;
  readonly weight: Operand | undefined;
  readonly dsum: Operand | undefined;
  readonly rows: number;
  readonly width: number;
  readonly accumulate: boolean;
}

/**
 * y = act(x weight^T + bias) + residual. Of bfloat16, where the product reads such factors, may be
 * x, and y with preactivation and residual.
 */
export interface LinearForward {
  readonly y: Operand;
  readonly preactivation: Operand | undefined;
  readonly x: Operand;
  readonly weight: Operand;
  readonly bias: Operand | undefined;
  readonly residual: Operand | undefined;
  readonly kept: Operand | undefined;
  readonly rows: number;
  readonly in: number;
  readonly out: number;
  readonly activation: number;
  readonly bf16: boolean;
}

/**
 * The same in whole numbers of 8 bits: a weight's by output, as PackWeight has left them, and x's
 * by row, which this finds. The sums have one value on every instruction set.
 */
export interface LinearInt8 {
  readonly y: Operand;
  readonly x: Operand;
  readonly kept: Operand;
  readonly bias: Operand | undefined;
  readonly residual: Operand | undefined;
  readonly rows: number;
  readonly in: number;
  readonly out: number;
  readonly activation: number;
}

/**
 * The gradients that are present are computed; `accumulate_*` adds to what is there instead of
 * writing. (The residual's gradient is dy itself.) Of bfloat16, where the products read such
 * factors, may be dx, x, and dy with dpreactivation and preactivation.
 */
export interface LinearBackward {
  readonly dx: Operand | undefined;
  readonly dweight: Operand | undefined;
  readonly dbias: Operand | undefined;
  readonly dpreactivation: Operand | undefined;
  readonly dy: Operand;
  readonly x: Operand;
  readonly weight: Operand;
  readonly preactivation: Operand | undefined;
  readonly rows: number;
  readonly in: number;
  readonly out: number;
  readonly activation: number;
  readonly accumulateDx: boolean;
  readonly accumulateDweight: boolean;
  readonly accumulateDbias: boolean;
  readonly bf16: boolean;
}

/**
 * c[i] = op(a[i]) op(b[i]), or c[i] plus that, for each i of the batch. Its backward is two more
 * of the same. A batch stride of 0 shares a or b among the batch; shared c (stride 0) sums the
 * products over the batch, in order. `bf16`: whether the factors are rounded to bfloat16.
 */
export interface Matmul {
  readonly c: Operand;
  readonly a: Operand;
  readonly b: Operand;
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly strideA: number;
  readonly strideB: number;
  readonly strideC: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly accumulate: boolean;
  readonly bf16: boolean;
}

/**
 * y (planes, OH, OW) = the largest element of each window of x (planes, H, W), NaN above all;
 * `index` says where in its plane it lies, the first of equals. Padding is never chosen: a window
 * of nothing else gives -infinity and index -1.
 */
export interface MaxPool2dForward {
  readonly y: Operand;
  readonly index: Operand;
  readonly x: Operand;
  readonly planes: number;
  readonly height: number;
  readonly width: number;
  readonly window: Window;
}

/** dx (planes, H*W)[index] += dy (planes, OH*OW), zeroed first. */
export interface MaxPool2dBackward {
  readonly dx: Operand;
  readonly dy: Operand;
  readonly index: Operand;
  readonly planes: number;
  readonly planeSize: number;
  readonly positions: number;
}

/**
 * Sets the guard (1), 0 at first, to 1 for good where the value (1) is not finite: steps with that
 * guard are left out from then on, those that are on their way already among them.
 */
export interface GuardFinite {
  readonly guard: Operand;
  readonly value: Operand;
}

/** One pass over all parameters: torch.optim.SGD's update. */
export interface SgdStep {
  readonly parameters: readonly Operand[];
  readonly momentum: readonly Operand[];
  readonly counts: readonly number[];
  readonly inputs: StepInputs;
  readonly momentumFactor: number;
  readonly dampening: number;
  readonly nesterov: boolean;
}

/** torch.optim.Adam's update, in one pass; with `decoupled`, torch.optim.AdamW's. */
export interface AdamStep {
  readonly parameters: readonly Operand[];
  readonly firstMoments: readonly Operand[];
  readonly secondMoments: readonly Operand[];
  readonly counts: readonly number[];
  readonly inputs: StepInputs;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly decoupled: boolean;
}

/** The update of Chen et al. 2023, as timm's Lion does it, in one pass. */
export interface LionStep {
  readonly parameters: readonly Operand[];
  readonly momentum: readonly Operand[];
  readonly counts: readonly number[];
  readonly inputs: StepInputs;
  readonly beta1: number;
  readonly beta2: number;
}

/**
 * timm's Lamb (You et al. 2020, with the global clipping of NVIDIA's variant). A parameter's step
 * is as long as the ratio of its norm to its update's says, which is known only when all of the
 * update is: a first pass changes the moments and sums the norms, a second makes the update again
 * and takes it, so that no update is kept.
 */
export interface LambStep {
  readonly parameters: readonly Operand[];
  readonly firstMoments: readonly Operand[];
  readonly secondMoments: readonly Operand[];
  readonly counts: readonly number[];
  readonly inputs: StepInputs;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly maxGradNorm: number;
  readonly biasCorrection: boolean;
  readonly gradAveraging: boolean;
  readonly trustClip: boolean;
  readonly alwaysAdapt: boolean;
}

/**
 * norm = the L2 norm over all gradients; scale = min(1, maxNorm / (norm + 1e-6)), as
 * torch.nn.utils.clip_grad_norm_. The optimizer's pass multiplies by scale, so gradients are read
 * once only; with `apply` they are scaled here.
 */
export interface GradientNorm {
  readonly norm: Operand;
  readonly scale: Operand;
  readonly gradients: readonly Operand[];
  readonly counts: readonly number[];
  readonly maxNorm: number;
  readonly apply: boolean;
}

/** Every gradient within [-limit, limit], in place: torch.nn.utils.clip_grad_value_. */
export interface ClampGradients {
  readonly gradients: readonly Operand[];
  readonly counts: readonly number[];
  readonly limit: number;
}

/**
 * averages += weight * (values - averages), all in one pass: torch._foreach_lerp_. The weight is a
 * storage, so that a replayed step sees a new one.
 */
export interface LerpStep {
  readonly averages: readonly Operand[];
  readonly values: readonly Operand[];
  readonly counts: readonly number[];
  readonly weight: Operand;
  readonly guard: Operand | undefined;
}

/**
 * y = draws: uniform in [low, high), normal with mean low and standard deviation high (truncated:
 * within two of the deviations), or int32 in [low, high).
 */
export interface RandomFill {
  readonly y: Operand;
  readonly state: Operand;
  readonly count: number;
  readonly distribution: number;
  readonly low: number;
  readonly high: number;
}

/**
 * y = x where kept, scaled by 1 / (1 - p), else 0. x is (groups, size) and each group is kept or
 * dropped as one: size 1 is dropout, a sample's size is drop path. `drawn` notes the generator's
 * state for backward.
 */
export interface DropoutForward {
  readonly y: Operand;
  readonly drawn: Operand;
  readonly state: Operand;
  readonly x: Operand;
  readonly groups: number;
  readonly size: number;
  readonly p: number;
}

export interface DropoutBackward {
  readonly dx: Operand;
  readonly drawn: Operand;
  readonly dy: Operand;
  readonly groups: number;
  readonly size: number;
  readonly p: number;
}

/**
 * y = scale * (the sum of x over the axes whose `kept` is 0), in an order that depends on the shape
 * alone. y has the kept axes, in order; `accumulate` adds to it.
 */
export interface Sum {
  readonly y: Operand;
  readonly x: Operand;
  readonly shape: readonly number[];
  readonly kept: readonly number[];
  readonly scale: number;
  readonly accumulate: boolean;
}

/**
 * y[row] = the reduction numbered `operation`, by its place in the table of row_reduce.cpp, of a
 * row of x; those of integers read and write their bits. `index`, where there is one, is where the
 * largest or smallest was found. Rows are reduced in chunks of a size of their own, put together in
 * order, so that any number of threads leaves the same bits. An integer result that 32 bits do not
 * hold fails the command, naming `site`.
 */
export interface RowReduce {
  readonly y: Operand;
  readonly index: Operand | undefined;
  readonly x: Operand;
  readonly rows: number;
  readonly width: number;
  readonly operation: number;
  readonly correction: number;
  readonly site: number;
}

/**
 * loss[i] = -weight[label] * x[label], as torch.nn.functional.nll_loss without reduction, for
 * labels (batch, positions) and x (batch, classes, positions); 0 where the label is ignoreIndex.
 * `weights` takes each label's weight. A label that is neither fails the command, naming `site`.
 */
export interface NllForward {
  readonly loss: Operand;
  readonly weights: Operand;
  readonly x: Operand;
  readonly labels: Operand;
  readonly weight: Operand | undefined;
  readonly batch: number;
  readonly classes: number;
  readonly positions: number;
  readonly ignoreIndex: number;
  readonly site: number;
}

/** dx = -weights * dy at each label, 0 elsewhere. */
export interface NllBackward {
  readonly dx: Operand;
  readonly dloss: Operand;
  readonly weights: Operand;
  readonly labels: Operand;
  readonly batch: number;
  readonly classes: number;
  readonly positions: number;
}

/**
 * A weight (out, in) as products read it, of KeptFloats() floats: for products between which nobody
 * writes the weight.
 */
export interface PackWeight {
  readonly y: Operand;
  readonly weight: Operand;
  readonly out: number;
  readonly in: number;
  readonly precision: number;
}

/** y = the numbers from 0 to count - 1 in a random order, each order being as likely. */
export interface RandomPermutation {
  readonly y: Operand;
  readonly state: Operand;
  readonly count: number;
}

/**
 * y (rows, samples) = classes, each as likely as its weight in x (rows, classes) says; without
 * replacement each at most once, in the order in which they were drawn. Weights below 0, or too few
 * above it, fail the command, naming `site`.
 */
export interface Multinomial {
  readonly y: Operand;
  readonly state: Operand;
  readonly x: Operand;
  readonly rows: number;
  readonly classes: number;
  readonly samples: number;
  readonly replacement: boolean;
  readonly site: number;
}

/** y = softmax(x) over the last axis; all operands (rows, width). */
export interface SoftmaxForward {
  readonly y: Operand;
  readonly x: Operand;
  readonly rows: number;
  readonly width: number;
}

/** dx = y * (dy - sum(dy * y)) */
export interface SoftmaxBackward {
  readonly dx: Operand;
  readonly dy: Operand;
  readonly y: Operand;
  readonly rows: number;
  readonly width: number;
}

/** y = silu(gate) * x, where a row of `both` has `width` gates and then as many of x. */
export interface SwigluForward {
  readonly y: Operand;
  readonly both: Operand;
  readonly rows: number;
  readonly width: number;
}

export interface SwigluBackward {
  readonly dboth: Operand;
  readonly dy: Operand;
  readonly both: Operand;
  readonly rows: number;
  readonly width: number;
}

/**
 * y = x with the first `rotated` heads of each token turned, pair of channels by pair, by the
 * angles of the token's place; the first `prefix` tokens and the other heads are copied. `back`
 * turns the other way, which is the gradient.
 */
export interface Rotate {
  readonly y: Operand;
  readonly x: Operand;
  readonly cos: Operand;
  readonly sin: Operand;
  readonly batch: number;
  readonly tokens: number;
  readonly prefix: number;
  readonly heads: number;
  readonly rotated: number;
  readonly pairs: number;
  readonly interleaved: boolean;
  readonly back: boolean;
}

/**
 * y[offsetY + i . stridesY] = x[offsetX + i . stridesX] for every index i of `shape`: the one
 * op behind transpose, slice, cat, flip and tile, and with `accumulate` (+=) their gradients.
 * Strides count elements; an x stride of 0 repeats, and a negative one runs backwards. Without
 * accumulate any 4-byte dtype will do.
 */
export interface StridedCopy {
  readonly y: Operand;
  readonly x: Operand;
  readonly shape: readonly number[];
  readonly stridesY: readonly number[];
  readonly stridesX: readonly number[];
  readonly offsetY: number;
  readonly offsetX: number;
  readonly accumulate: boolean;
}

/**
 * y (count) = the indices of several axes, each (count), as one index into all of them, row-major.
 * Those of axis k lie in [0, sizes[k]); where `fromEnd` is set they may count from the end, down
 * to -sizes[k]. One outside fails the command, naming `site`; `operation` is a place in kIndexed.
 */
export interface CheckedIndex {
  readonly y: Operand;
  readonly index: readonly Operand[];
  readonly sizes: readonly number[];
  readonly count: number;
  readonly fromEnd: boolean;
  readonly operation: number;
  readonly site: number;
}

/**
 * What Gather and Scatter go over: rows of `inner` elements, `count` of them for each of `outer`
 * blocks, and which of the `entries` rows of a table's block each is. `index` is
 * (outer,count,inner) where each element has one, else (count).
 *
 * y (outer,count,inner) = table (outer,entries,inner)[index], of any 4-byte dtype. Where `winner`
 * (outer,entries,inner) is given, y is 0 unless it is the winner's number: see Scatter.
 */
export interface Gather {
  readonly y: Operand;
  readonly table: Operand;
  readonly index: Operand;
  readonly winner: Operand | undefined;
  readonly outer: number;
  readonly count: number;
  readonly entries: number;
  readonly inner: number;
  readonly each: boolean;
}

/**
 * table[index] = x, += x (of float32 or int32), or the number of x's element, rows in order: of
 * several for one place the last counts. `mode` is a ScatterMode; kNumber needs no x.
 */
export interface Scatter {
  readonly table: Operand;
  readonly x: Operand | undefined;
  readonly index: Operand;
  readonly outer: number;
  readonly count: number;
  readonly entries: number;
  readonly inner: number;
  readonly each: boolean;
  readonly mode: number;
}

/**
 * y (rows,kept) = the first `kept` of each row of x (rows,width) in ascending or descending order,
 * and index (rows,kept) where they stood. Equal ones keep their order, -0 and 0 being equal; NaN is
 * greater than all. `integers` says that the elements are int32.
 */
export interface Sort {
  readonly y: Operand;
  readonly index: Operand;
  readonly x: Operand;
  readonly rows: number;
  readonly width: number;
  readonly kept: number;
  readonly descending: boolean;
  readonly integers: boolean;
}

/**
 * y (outer,size,inner) = the sum of x's elements up to and with this one along the middle axis, or
 * from it on where `backwards` is set. Sums are kept in float64; of int32 elements (`integers`) in
 * 32 bits, which wrap around.
 */
export interface Cumsum {
  readonly y: Operand;
  readonly x: Operand;
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
  readonly backwards: boolean;
  readonly integers: boolean;
}

/** y = f(x), element by element: the function numbered `operation`, whose own numbers are p and q. */
export interface UnaryForward {
  readonly y: Operand;
  readonly x: Operand;
  readonly count: number;
  readonly operation: number;
  readonly p: number;
  readonly q: number;
}

/** dx = dy * f'(x); `saved` is x or y, as the function asks. */
export interface UnaryBackward {
  readonly dx: Operand;
  readonly dy: Operand;
  readonly saved: Operand;
  readonly count: number;
  readonly operation: number;
  readonly p: number;
  readonly q: number;
}

/**
 * columns (N, C*kh*kw, L) = the windows of image (N,C,H,W), as torch.nn.functional.unfold. Its
 * backward is Fold.
 */
export interface Unfold {
  readonly columns: Operand;
  readonly image: Operand;
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly window: Window;
}

/**
 * image (N,C,H,W) = the sum of the windows that cover each pixel, as torch.nn.functional.fold. Its
 * backward is Unfold.
 */
export interface Fold {
  readonly image: Operand;
  readonly columns: Operand;
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly window: Window;
}

/**
 * Attention among the tokens of each window, read off a fused projection where it lies: neither
 * windows nor scores are ever stored. y = softmax(scale * q k^T + bias + mask) v, where the bias of
 * two tokens is the table's entry of their distance, and the mask -100 for two that only the roll
 * has brought together. With `cosine`, q and k are of length 1 and a head's scale is its entry.
 */
export interface WindowAttentionForward {
  readonly y: Operand;
  readonly qkv: Operand;
  readonly table: Operand;
  readonly cosine: Operand | undefined;
  readonly grid: WindowGrid;
  readonly batch: number;
  readonly heads: number;
  readonly width: number;
  readonly scale: number;
}

/** Scores are computed again, a window at a time. */
export interface WindowAttentionBackward {
  readonly dqkv: Operand;
  readonly dtable: Operand;
  readonly dcosine: Operand | undefined;
  readonly dy: Operand;
  readonly y: Operand;
  readonly qkv: Operand;
  readonly table: Operand;
  readonly cosine: Operand | undefined;
  readonly grid: WindowGrid;
  readonly batch: number;
  readonly heads: number;
  readonly width: number;
  readonly parts: number;
  readonly scale: number;
}

/**
 * Arithmetic on registers alone, `flops` operations on each of `tiles` tiles: what the machine can
 * do at best, for benchmarks to compare with. y (tiles) keeps the compiler from dropping it.
 */
export interface PeakFma {
  readonly y: Operand;
  readonly tiles: number;
  readonly flops: number;
  readonly bf16: boolean;
}

/** The addon's ops. They only enqueue. */
export interface NativeOps {
  activationForward(o: ActivationForward): void;
  activationBackward(o: ActivationBackward): void;
  attentionForward(o: AttentionForward): void;
  attentionBackward(o: AttentionBackward): void;
  conv2dForward(o: Conv2dForward): void;
  conv2dBackward(o: Conv2dBackward): void;
  crossEntropyForward(o: CrossEntropyForward): void;
  crossEntropyBackward(o: CrossEntropyBackward): void;
  binary(o: BinaryForward): void;
  ternary(o: Ternary): void;
  affine(o: Affine): void;
  convert(o: Convert): void;
  fill(o: Fill): void;
  embeddingForward(o: EmbeddingForward): void;
  embeddingBackward(o: EmbeddingBackward): void;
  imageBatch(o: ImageBatch): void;
  imageMix(o: ImageMix): void;
  imageConvert(o: ImageConvert): void;
  imageResize(o: ImageResize): void;
  interpolateForward(o: InterpolateForward): void;
  interpolateBackward(o: InterpolateBackward): void;
  layerNormForward(o: LayerNormForward): void;
  layerNormBackward(o: LayerNormBackward): void;
  linearForward(o: LinearForward): void;
  linearInt8(o: LinearInt8): void;
  linearBackward(o: LinearBackward): void;
  matmul(o: Matmul): void;
  maxPool2dForward(o: MaxPool2dForward): void;
  maxPool2dBackward(o: MaxPool2dBackward): void;
  guardFinite(o: GuardFinite): void;
  sgdStep(o: SgdStep): void;
  adamStep(o: AdamStep): void;
  lionStep(o: LionStep): void;
  lambStep(o: LambStep): void;
  gradientNorm(o: GradientNorm): void;
  clampGradients(o: ClampGradients): void;
  lerpStep(o: LerpStep): void;
  randomFill(o: RandomFill): void;
  dropoutForward(o: DropoutForward): void;
  dropoutBackward(o: DropoutBackward): void;
  sum(o: Sum): void;
  rowReduce(o: RowReduce): void;
  nllForward(o: NllForward): void;
  nllBackward(o: NllBackward): void;
  packWeight(o: PackWeight): void;
  randomPermutation(o: RandomPermutation): void;
  multinomial(o: Multinomial): void;
  softmaxForward(o: SoftmaxForward): void;
  softmaxBackward(o: SoftmaxBackward): void;
  swigluForward(o: SwigluForward): void;
  swigluBackward(o: SwigluBackward): void;
  rotate(o: Rotate): void;
  stridedCopy(o: StridedCopy): void;
  checkedIndex(o: CheckedIndex): void;
  gather(o: Gather): void;
  scatter(o: Scatter): void;
  sort(o: Sort): void;
  cumsum(o: Cumsum): void;
  unaryForward(o: UnaryForward): void;
  unaryBackward(o: UnaryBackward): void;
  unfold(o: Unfold): void;
  fold(o: Fold): void;
  windowAttentionForward(o: WindowAttentionForward): void;
  windowAttentionBackward(o: WindowAttentionBackward): void;
  peakFma(o: PeakFma): void;
}

/** The addon's own functions: the fields in order, 0 for an operand that is absent. */
export type AddonOps = Readonly<Record<keyof NativeOps, (...fields: (number | boolean | readonly number[])[]) => void>>;

/** The operands of each op that it knows as float32 alone. */
export const FLOAT_OPERANDS: Readonly<Record<string, { reads: string[]; writes: string[] }>> = {
  attentionForward: { reads: ['bias'], writes: ['softmax'] },
  attentionBackward: { reads: ['softmax', 'bias'], writes: ['dbias'] },
  conv2dForward: { reads: ['x', 'weight', 'bias', 'kept'], writes: ['y'] },
  conv2dBackward: { reads: ['dy', 'x', 'weight'], writes: ['dx', 'dweight', 'dbias'] },
  crossEntropyForward: { reads: ['logits', 'target', 'weight'], writes: ['loss', 'softmax'] },
  crossEntropyBackward: { reads: ['dloss', 'softmax', 'logits', 'target', 'weight'], writes: ['dlogits'] },
  binary: { reads: ['a', 'b'], writes: ['y'] },
  ternary: { reads: ['c', 'a', 'b'], writes: ['y'] },
  affine: { reads: ['x'], writes: ['y'] },
  embeddingForward: { reads: ['table'], writes: ['y'] },
  embeddingBackward: { reads: ['dy'], writes: ['dtable'] },
  imageBatch: { reads: [], writes: ['y'] },
  imageMix: { reads: ['x'], writes: ['y'] },
  interpolateForward: { reads: ['x'], writes: ['y'] },
  interpolateBackward: { reads: ['dy'], writes: ['dx'] },
  layerNormForward: { reads: ['residual', 'weight', 'bias'], writes: ['sum', 'mean', 'rstd'] },
  layerNormBackward: { reads: ['mean', 'rstd', 'weight'], writes: ['dweight', 'dbias'] },
  linearForward: { reads: ['weight', 'bias', 'kept'], writes: [] },
  linearInt8: { reads: ['x', 'kept', 'bias', 'residual'], writes: ['y'] },
  linearBackward: { reads: ['weight'], writes: ['dweight', 'dbias'] },
  matmul: { reads: ['a', 'b'], writes: ['c'] },
  maxPool2dForward: { reads: ['x'], writes: ['y'] },
  maxPool2dBackward: { reads: ['dy'], writes: ['dx'] },
  guardFinite: { reads: ['value'], writes: ['guard'] },
  gradientNorm: { reads: [], writes: ['norm', 'scale'] },
  lerpStep: { reads: ['weight', 'guard'], writes: [] },
  randomFill: { reads: [], writes: ['y'] },
  dropoutForward: { reads: ['x'], writes: ['y'] },
  dropoutBackward: { reads: ['dy'], writes: ['dx'] },
  sum: { reads: ['x'], writes: ['y'] },
  rowReduce: { reads: ['x'], writes: ['y'] },
  nllForward: { reads: ['x', 'weight'], writes: ['loss', 'weights'] },
  nllBackward: { reads: ['dloss', 'weights'], writes: ['dx'] },
  packWeight: { reads: ['weight'], writes: ['y'] },
  multinomial: { reads: ['x'], writes: [] },
  softmaxForward: { reads: ['x'], writes: ['y'] },
  softmaxBackward: { reads: ['dy', 'y'], writes: ['dx'] },
  swigluForward: { reads: ['both'], writes: ['y'] },
  swigluBackward: { reads: ['dy', 'both'], writes: ['dboth'] },
  rotate: { reads: ['x', 'cos', 'sin'], writes: ['y'] },
  stridedCopy: { reads: ['x'], writes: ['y'] },
  gather: { reads: ['table'], writes: ['y'] },
  scatter: { reads: ['x'], writes: ['table'] },
  sort: { reads: ['x'], writes: ['y'] },
  cumsum: { reads: ['x'], writes: ['y'] },
  unaryForward: { reads: ['x'], writes: ['y'] },
  unaryBackward: { reads: ['dy', 'saved'], writes: ['dx'] },
  unfold: { reads: ['image'], writes: ['columns'] },
  fold: { reads: ['columns'], writes: ['image'] },
  windowAttentionForward: { reads: ['qkv', 'table', 'cosine'], writes: ['y'] },
  windowAttentionBackward: { reads: ['dy', 'y', 'qkv', 'table', 'cosine'], writes: ['dqkv', 'dtable', 'dcosine'] },
  peakFma: { reads: [], writes: ['y'] },
};

/** Floats of either kind: those of bfloat16 come with a minus. */
const floats = (operand: Operand | undefined): Handle =>
  operand === undefined ? 0 : operand.dtype === 'bfloat16' ? -operand.handle : operand.handle;

const handlesOf = (operands: readonly (Operand | undefined)[]): Handle[] =>
  operands.map((operand) => operand?.handle ?? 0);

export function bindOps(addon: AddonOps): NativeOps {
  return {
    activationForward: (o) => addon.activationForward(floats(o.y), floats(o.x), o.count, o.activation),
    activationBackward: (o) => addon.activationBackward(floats(o.dx), floats(o.dy), floats(o.x), o.count, o.activation),
    attentionForward: (o) =>
      addon.attentionForward(
        floats(o.y),
        o.softmax.handle,
        floats(o.q),
        floats(o.k),
        floats(o.v),
        o.keyPadding?.handle ?? 0,
        o.bias?.handle ?? 0,
        o.layoutY,
        o.layoutQ,
        o.layoutK,
        o.layoutV,
        o.layoutBias,
        o.batch,
        o.heads,
        o.queries,
        o.keys,
        o.width,
        o.scale,
        o.causal,
        o.bf16,
      ),
    attentionBackward: (o) =>
      addon.attentionBackward(
        floats(o.dq),
        floats(o.dk),
        floats(o.dv),
        o.dbias?.handle ?? 0,
        floats(o.dy),
        floats(o.y),
        floats(o.q),
        floats(o.k),
        floats(o.v),
        o.softmax.handle,
        o.keyPadding?.handle ?? 0,
        o.bias?.handle ?? 0,
        o.layoutY,
        o.layoutQ,
        o.layoutK,
        o.layoutV,
        o.layoutBias,
        o.batch,
        o.heads,
        o.queries,
        o.keys,
        o.width,
        o.parts,
        o.scale,
        o.causal,
        o.bf16,
      ),
    conv2dForward: (o) =>
      addon.conv2dForward(
        o.y.handle,
        o.x.handle,
        o.weight.handle,
        o.bias?.handle ?? 0,
        o.kept?.handle ?? 0,
        o.sizes.batch,
        o.sizes.channels,
        o.sizes.height,
        o.sizes.width,
        o.sizes.outChannels,
        o.sizes.groups,
        o.sizes.window.kernel[0],
        o.sizes.window.kernel[1],
        o.sizes.window.dilation[0],
        o.sizes.window.dilation[1],
        o.sizes.window.padding[0],
        o.sizes.window.padding[1],
        o.sizes.window.stride[0],
        o.sizes.window.stride[1],
        o.sizes.tokens,
        o.sizes.bf16,
      ),
    conv2dBackward: (o) =>
      addon.conv2dBackward(
        o.dx?.handle ?? 0,
        o.dweight?.handle ?? 0,
        o.dbias?.handle ?? 0,
        o.dy.handle,
        o.x.handle,
        o.weight.handle,
        o.sizes.batch,
        o.sizes.channels,
        o.sizes.height,
        o.sizes.width,
        o.sizes.outChannels,
        o.sizes.groups,
        o.sizes.window.kernel[0],
        o.sizes.window.kernel[1],
        o.sizes.window.dilation[0],
        o.sizes.window.dilation[1],
        o.sizes.window.padding[0],
        o.sizes.window.padding[1],
        o.sizes.window.stride[0],
        o.sizes.window.stride[1],
        o.sizes.tokens,
        o.sizes.bf16,
        o.accumulateDweight,
        o.accumulateDbias,
      ),
    crossEntropyForward: (o) =>
      addon.crossEntropyForward(
        o.loss.handle,
        o.softmax.handle,
        o.logits.handle,
        o.labels?.handle ?? 0,
        o.target?.handle ?? 0,
        o.weight?.handle ?? 0,
        o.rows,
        o.classes,
        o.smoothing,
        o.ignoreIndex,
        o.reduction,
        o.site,
      ),
    crossEntropyBackward: (o) =>
      addon.crossEntropyBackward(
        o.dlogits.handle,
        o.dloss.handle,
        o.softmax.handle,
        o.logits.handle,
        o.labels?.handle ?? 0,
        o.target?.handle ?? 0,
        o.weight?.handle ?? 0,
        o.rows,
        o.classes,
        o.smoothing,
        o.ignoreIndex,
        o.reduction,
      ),
    binary: (o) => addon.binary(o.y.handle, o.a.handle, o.b.handle, o.shape, o.stridesA, o.stridesB, o.operation),
    ternary: (o) =>
      addon.ternary(
        o.y.handle,
        o.c.handle,
        o.a.handle,
        o.b.handle,
        o.shape,
        o.stridesC,
        o.stridesA,
        o.stridesB,
        o.operation,
      ),
    affine: (o) => addon.affine(o.y.handle, o.x.handle, o.count, o.a, o.b),
    convert: (o) => addon.convert(floats(o.y), floats(o.x), o.count),
    fill: (o) => addon.fill(o.y.handle, o.count, o.bits),
    embeddingForward: (o) =>
      addon.embeddingForward(o.y.handle, o.table.handle, o.index.handle, o.count, o.entries, o.width, o.site),
    embeddingBackward: (o) =>
      addon.embeddingBackward(
        o.dtable.handle,
        o.dy.handle,
        o.index.handle,
        o.count,
        o.entries,
        o.width,
        o.padding,
        o.accumulate,
      ),
    imageBatch: (o) =>
      addon.imageBatch(
        o.y.handle,
        handlesOf(o.x),
        o.descriptor,
        o.channels,
        o.height,
        o.width,
        o.program,
        o.offset,
        o.divisor,
        o.fill,
      ),
    imageMix: (o) => addon.imageMix(o.y.handle, o.x.handle, o.count, o.channels, o.height, o.width, o.weight, o.boxes),
    imageConvert: (o) => addon.imageConvert(o.y.handle, o.x.handle, o.pixels, o.conversion),
    imageResize: (o) =>
      addon.imageResize(
        o.y.handle,
        o.between?.handle ?? 0,
        o.x.handle,
        o.channels,
        o.height,
        o.width,
        o.window.top,
        o.window.left,
        o.window.height,
        o.window.width,
        o.outHeight,
        o.outWidth,
        o.kept.top,
        o.kept.left,
        o.kept.height,
        o.kept.width,
        o.filter,
        o.antialias,
      ),
    interpolateForward: (o) =>
      addon.interpolateForward(
        o.y.handle,
        o.x.handle,
        o.planes,
        o.grid.size[0],
        o.grid.size[1],
        o.grid.result[0],
        o.grid.result[1],
        o.grid.scale[0],
        o.grid.scale[1],
        o.grid.linear,
        o.grid.alignCorners,
      ),
    interpolateBackward: (o) =>
      addon.interpolateBackward(
        o.dx.handle,
        o.dy.handle,
        o.planes,
        o.grid.size[0],
        o.grid.size[1],
        o.grid.result[0],
        o.grid.result[1],
        o.grid.scale[0],
        o.grid.scale[1],
        o.grid.linear,
        o.grid.alignCorners,
      ),
    layerNormForward: (o) =>
      addon.layerNormForward(
        floats(o.y),
        o.sum?.handle ?? 0,
        o.mean.handle,
        o.rstd.handle,
        floats(o.x),
        o.residual?.handle ?? 0,
        o.weight?.handle ?? 0,
        o.bias?.handle ?? 0,
        o.rows,
        o.width,
        o.eps,
      ),
    layerNormBackward: (o) =>
      addon.layerNormBackward(
        floats(o.dx),
        o.dweight?.handle ?? 0,
        o.dbias?.handle ?? 0,
        floats(o.dy),
        floats(o.x),
        o.mean.handle,
        o.rstd.handle,
        o.weight?.handle ?? 0,
        floats(o.dsum),
        o.rows,
        o.width,
        o.accumulate,
      ),
    linearForward: (o) =>
      addon.linearForward(
        floats(o.y),
        floats(o.preactivation),
        floats(o.x),
        o.weight.handle,
        o.bias?.handle ?? 0,
        floats(o.residual),
        o.kept?.handle ?? 0,
        o.rows,
        o.in,
        o.out,
        o.activation,
        o.bf16,
      ),
    linearInt8: (o) =>
      addon.linearInt8(
        o.y.handle,
        o.x.handle,
        o.kept.handle,
        o.bias?.handle ?? 0,
        o.residual?.handle ?? 0,
        o.rows,
        o.in,
        o.out,
        o.activation,
      ),
    linearBackward: (o) =>
      addon.linearBackward(
        floats(o.dx),
        o.dweight?.handle ?? 0,
        o.dbias?.handle ?? 0,
        floats(o.dpreactivation),
        floats(o.dy),
        floats(o.x),
        o.weight.handle,
        floats(o.preactivation),
        o.rows,
        o.in,
        o.out,
        o.activation,
        o.accumulateDx,
        o.accumulateDweight,
        o.accumulateDbias,
        o.bf16,
      ),
    matmul: (o) =>
      addon.matmul(
        o.c.handle,
        o.a.handle,
        o.b.handle,
        o.batch,
        o.m,
        o.n,
        o.k,
        o.strideA,
        o.strideB,
        o.strideC,
        o.transposeA,
        o.transposeB,
        o.accumulate,
        o.bf16,
      ),
    maxPool2dForward: (o) =>
      addon.maxPool2dForward(
        o.y.handle,
        o.index.handle,
        o.x.handle,
        o.planes,
        o.height,
        o.width,
        o.window.kernel[0],
        o.window.kernel[1],
        o.window.dilation[0],
        o.window.dilation[1],
        o.window.padding[0],
        o.window.padding[1],
        o.window.stride[0],
        o.window.stride[1],
      ),
    maxPool2dBackward: (o) =>
      addon.maxPool2dBackward(o.dx.handle, o.dy.handle, o.index.handle, o.planes, o.planeSize, o.positions),
    guardFinite: (o) => addon.guardFinite(o.guard.handle, o.value.handle),
    sgdStep: (o) =>
      addon.sgdStep(
        handlesOf(o.parameters),
        handlesOf(o.momentum),
        o.counts,
        o.inputs.steps.handle,
        handlesOf(o.inputs.gradients),
        o.inputs.learningRateScales,
        o.inputs.weightDecays,
        o.inputs.learningRates.handle,
        o.inputs.members,
        o.inputs.groups,
        o.inputs.gradientScale?.handle ?? 0,
        o.inputs.guard?.handle ?? 0,
        o.momentumFactor,
        o.dampening,
        o.nesterov,
      ),
    adamStep: (o) =>
      addon.adamStep(
        handlesOf(o.parameters),
        handlesOf(o.firstMoments),
        handlesOf(o.secondMoments),
        o.counts,
        o.inputs.steps.handle,
        handlesOf(o.inputs.gradients),
        o.inputs.learningRateScales,
        o.inputs.weightDecays,
        o.inputs.learningRates.handle,
        o.inputs.members,
        o.inputs.groups,
        o.inputs.gradientScale?.handle ?? 0,
        o.inputs.guard?.handle ?? 0,
        o.beta1,
        o.beta2,
        o.eps,
        o.decoupled,
      ),
    lionStep: (o) =>
      addon.lionStep(
        handlesOf(o.parameters),
        handlesOf(o.momentum),
        o.counts,
        o.inputs.steps.handle,
        handlesOf(o.inputs.gradients),
        o.inputs.learningRateScales,
        o.inputs.weightDecays,
        o.inputs.learningRates.handle,
        o.inputs.members,
        o.inputs.groups,
        o.inputs.gradientScale?.handle ?? 0,
        o.inputs.guard?.handle ?? 0,
        o.beta1,
        o.beta2,
      ),
    lambStep: (o) =>
      addon.lambStep(
        handlesOf(o.parameters),
        handlesOf(o.firstMoments),
        handlesOf(o.secondMoments),
        o.counts,
        o.inputs.steps.handle,
        handlesOf(o.inputs.gradients),
        o.inputs.learningRateScales,
        o.inputs.weightDecays,
        o.inputs.learningRates.handle,
        o.inputs.members,
        o.inputs.groups,
        o.inputs.gradientScale?.handle ?? 0,
        o.inputs.guard?.handle ?? 0,
        o.beta1,
        o.beta2,
        o.eps,
        o.maxGradNorm,
        o.biasCorrection,
        o.gradAveraging,
        o.trustClip,
        o.alwaysAdapt,
      ),
    gradientNorm: (o) =>
      addon.gradientNorm(o.norm.handle, o.scale.handle, handlesOf(o.gradients), o.counts, o.maxNorm, o.apply),
    clampGradients: (o) => addon.clampGradients(handlesOf(o.gradients), o.counts, o.limit),
    lerpStep: (o) =>
      addon.lerpStep(handlesOf(o.averages), handlesOf(o.values), o.counts, o.weight.handle, o.guard?.handle ?? 0),
    randomFill: (o) => addon.randomFill(o.y.handle, o.state.handle, o.count, o.distribution, o.low, o.high),
    dropoutForward: (o) =>
      addon.dropoutForward(o.y.handle, o.drawn.handle, o.state.handle, o.x.handle, o.groups, o.size, o.p),
    dropoutBackward: (o) => addon.dropoutBackward(o.dx.handle, o.drawn.handle, o.dy.handle, o.groups, o.size, o.p),
    sum: (o) => addon.sum(o.y.handle, o.x.handle, o.shape, o.kept, o.scale, o.accumulate),
    rowReduce: (o) =>
      addon.rowReduce(o.y.handle, o.index?.handle ?? 0, o.x.handle, o.rows, o.width, o.operation, o.correction, o.site),
    nllForward: (o) =>
      addon.nllForward(
        o.loss.handle,
        o.weights.handle,
        o.x.handle,
        o.labels.handle,
        o.weight?.handle ?? 0,
        o.batch,
        o.classes,
        o.positions,
        o.ignoreIndex,
        o.site,
      ),
    nllBackward: (o) =>
      addon.nllBackward(
        o.dx.handle,
        o.dloss.handle,
        o.weights.handle,
        o.labels.handle,
        o.batch,
        o.classes,
        o.positions,
      ),
    packWeight: (o) => addon.packWeight(o.y.handle, o.weight.handle, o.out, o.in, o.precision),
    randomPermutation: (o) => addon.randomPermutation(o.y.handle, o.state.handle, o.count),
    multinomial: (o) =>
      addon.multinomial(o.y.handle, o.state.handle, o.x.handle, o.rows, o.classes, o.samples, o.replacement, o.site),
    softmaxForward: (o) => addon.softmaxForward(o.y.handle, o.x.handle, o.rows, o.width),
    softmaxBackward: (o) => addon.softmaxBackward(o.dx.handle, o.dy.handle, o.y.handle, o.rows, o.width),
    swigluForward: (o) => addon.swigluForward(o.y.handle, o.both.handle, o.rows, o.width),
    swigluBackward: (o) => addon.swigluBackward(o.dboth.handle, o.dy.handle, o.both.handle, o.rows, o.width),
    rotate: (o) =>
      addon.rotate(
        o.y.handle,
        o.x.handle,
        o.cos.handle,
        o.sin.handle,
        o.batch,
        o.tokens,
        o.prefix,
        o.heads,
        o.rotated,
        o.pairs,
        o.interleaved,
        o.back,
      ),
    stridedCopy: (o) =>
      addon.stridedCopy(o.y.handle, o.x.handle, o.shape, o.stridesY, o.stridesX, o.offsetY, o.offsetX, o.accumulate),
    checkedIndex: (o) =>
      addon.checkedIndex(o.y.handle, handlesOf(o.index), o.sizes, o.count, o.fromEnd, o.operation, o.site),
    gather: (o) =>
      addon.gather(
        o.y.handle,
        o.table.handle,
        o.index.handle,
        o.winner?.handle ?? 0,
        o.outer,
        o.count,
        o.entries,
        o.inner,
        o.each,
      ),
    scatter: (o) =>
      addon.scatter(
        o.table.handle,
        o.x?.handle ?? 0,
        o.index.handle,
        o.outer,
        o.count,
        o.entries,
        o.inner,
        o.each,
        o.mode,
      ),
    sort: (o) => addon.sort(o.y.handle, o.index.handle, o.x.handle, o.rows, o.width, o.kept, o.descending, o.integers),
    cumsum: (o) => addon.cumsum(o.y.handle, o.x.handle, o.outer, o.size, o.inner, o.backwards, o.integers),
    unaryForward: (o) => addon.unaryForward(o.y.handle, o.x.handle, o.count, o.operation, o.p, o.q),
    unaryBackward: (o) => addon.unaryBackward(o.dx.handle, o.dy.handle, o.saved.handle, o.count, o.operation, o.p, o.q),
    unfold: (o) =>
      addon.unfold(
        o.columns.handle,
        o.image.handle,
        o.batch,
        o.channels,
        o.height,
        o.width,
        o.window.kernel[0],
        o.window.kernel[1],
        o.window.dilation[0],
        o.window.dilation[1],
        o.window.padding[0],
        o.window.padding[1],
        o.window.stride[0],
        o.window.stride[1],
      ),
    fold: (o) =>
      addon.fold(
        o.image.handle,
        o.columns.handle,
        o.batch,
        o.channels,
        o.height,
        o.width,
        o.window.kernel[0],
        o.window.kernel[1],
        o.window.dilation[0],
        o.window.dilation[1],
        o.window.padding[0],
        o.window.padding[1],
        o.window.stride[0],
        o.window.stride[1],
      ),
    windowAttentionForward: (o) =>
      addon.windowAttentionForward(
        o.y.handle,
        o.qkv.handle,
        o.table.handle,
        o.cosine?.handle ?? 0,
        o.grid.size[0],
        o.grid.size[1],
        o.grid.rolled[0],
        o.grid.rolled[1],
        o.grid.window[0],
        o.grid.window[1],
        o.grid.shift[0],
        o.grid.shift[1],
        o.batch,
        o.heads,
        o.width,
        o.scale,
      ),
    windowAttentionBackward: (o) =>
      addon.windowAttentionBackward(
        o.dqkv.handle,
        o.dtable.handle,
        o.dcosine?.handle ?? 0,
        o.dy.handle,
        o.y.handle,
        o.qkv.handle,
        o.table.handle,
        o.cosine?.handle ?? 0,
        o.grid.size[0],
        o.grid.size[1],
        o.grid.rolled[0],
        o.grid.rolled[1],
        o.grid.window[0],
        o.grid.window[1],
        o.grid.shift[0],
        o.grid.shift[1],
        o.batch,
        o.heads,
        o.width,
        o.parts,
        o.scale,
      ),
    peakFma: (o) => addon.peakFma(o.y.handle, o.tiles, o.flops, o.bf16),
  };
}
